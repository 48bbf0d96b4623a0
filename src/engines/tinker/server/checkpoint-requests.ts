// What is asked of checkpoints: what there is, what one holds, how long it is kept.

import type { Context, Hono } from "hono";
import { badRequest, notFound } from "../../../core/request-error.js";
import { checkpointTtlRequest, weightsInfoRequest } from "../protocol/messages.js";
import {
  type Checkpoint,
  type CheckpointName,
  checkpointName,
  expiryAfter,
  kindOf,
  modelFiles,
  parsePath,
  pathOf,
} from "./checkpoints.js";
import type { Lora } from "./engines.js";
import type { Host } from "./host.js";
import { parseJson, readBody } from "./request-body.js";
import { contentType, type Env, post } from "./routes.js";

const MOST_LISTED = 1000;
export const ONE = "/training_runs/:run/checkpoints/:segment/:name";

export function checkpointRoutes(app: Hono<Env>, host: Host): void {
  post(app, "/weights_info", weightsInfoRequest, ({ tinker_path }) => {
    const { note } = host.checkpoints.find(parsePath(tinker_path));
    return {
      base_model: note.baseModel,
      is_lora: note.lora !== null,
      lora_rank: note.lora?.rank ?? null,
      train_unembed: note.lora === null,
      train_attn: note.lora?.targets.includes("q_proj") ?? true,
      train_mlp: note.lora?.targets.includes("up_proj") ?? true,
    };
  });
  app.get("/training_runs", (c) => c.json(page(c, "training_runs", trainingRuns(host))));
  app.get("/training_runs/:run", (c) => {
    const run = trainingRuns(host).find(({ training_run_id: id }) => id === c.req.param("run"));
    if (run) return c.json(run);
    throw notFound(`training run ${c.req.param("run").slice(0, 100)}: not known here`);
  });
  app.get("/checkpoints", (c) => c.json(page(c, "checkpoints", host.checkpoints.list().map(described))));
  app.get("/training_runs/:run/checkpoints", (c) =>
    c.json({ checkpoints: host.checkpoints.list(c.req.param("run")).map(described) }),
  );
  app.delete(ONE, (c) => {
    host.checkpoints.remove(named(c));
    return c.body(null, 204);
  });
  app.put(`${ONE}/ttl`, async (c) => {
    const body = await readBody(c.env.incoming);
    const { ttl_seconds: seconds } = parseJson(body, contentType(c), checkpointTtlRequest, "ttl");
    host.checkpoints.setExpiry(named(c), expiryAfter(seconds));
    return c.body(null, 204);
  });
}

export function named(c: Context<Env>): CheckpointName {
  const { run = "", segment = "", name = "" } = c.req.param() as Record<string, string>;
  return checkpointName(run, segment, name);
}

function described(checkpoint: Checkpoint) {
  const { segment, name, folder, note } = checkpoint;
  return {
    checkpoint_id: `${segment}/${name}`,
    checkpoint_type: kindOf(checkpoint),
    time: note.time,
    tinker_path: pathOf(checkpoint),
    size_bytes: modelFiles(folder).reduce((total, { bytes }) => total + bytes, 0),
    public: false,
    expires_at: note.expires,
  };
}

/** Those in training, and those that have left checkpoints. */
function trainingRuns(host: Host) {
  const kept = new Map<string, Checkpoint[]>();
  for (const checkpoint of host.checkpoints.list()) {
    kept.set(checkpoint.run, [...(kept.get(checkpoint.run) ?? []), checkpoint]);
  }
  const models = host.sessions.all().flatMap(({ models }) => [...models.values()]);
  const live = models.map(({ id, lora, userMetadata, lastRequest }) =>
    runOf(host, id, { lora, userMetadata, time: lastRequest.toISOString() }, kept.get(id) ?? []),
  );
  const past = [...kept].flatMap(([id, checkpoints]) => {
    if (models.some((model) => model.id === id)) return [];
    const { lora, runMetadata, time } = checkpoints[checkpoints.length - 1].note;
    return [runOf(host, id, { lora, userMetadata: runMetadata, time }, checkpoints)];
  });
  return [...past, ...live];
}

interface RunFacts {
  readonly lora: Lora;
  readonly userMetadata: Readonly<Record<string, unknown>> | null;
  readonly time: string;
}

function runOf(host: Host, id: string, { lora, userMetadata, time }: RunFacts, checkpoints: readonly Checkpoint[]) {
  const last = (kind: "training" | "sampler") => {
    const found = checkpoints.findLast((checkpoint) => kindOf(checkpoint) === kind);
    return found ? described(found) : null;
  };
  return {
    training_run_id: id,
    base_model: checkpoints.at(-1)?.note.baseModel ?? host.modelName,
    model_owner: "local",
    is_lora: lora !== null,
    lora_rank: lora?.rank ?? null,
    corrupted: false,
    last_request_time: time,
    last_checkpoint: last("training"),
    last_sampler_checkpoint: last("sampler"),
    user_metadata: userMetadata,
  };
}

function page(c: Context<Env>, key: string, all: readonly object[]) {
  const limit = Math.min(MOST_LISTED, count(c, "limit", 20));
  const offset = count(c, "offset", 0);
  return { [key]: all.slice(offset, offset + limit), cursor: { offset, limit, total_count: all.length } };
}

function count(c: Context<Env>, key: string, otherwise: number): number {
  const text = c.req.query(key) ?? String(otherwise);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badRequest(`${key}: "${text.slice(0, 40)}", expected a whole number`);
}
