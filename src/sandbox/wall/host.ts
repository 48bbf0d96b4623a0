// The walled process: holds the interpreter threads of the pool on the other side of the wall (wall.ts), and ends with
// it. Not here: who gets which room, and what is tried again.

import { InfrastructureError, messageOf } from "../../core/errors.js";
import { Slot } from "../slot.js";
import { Threads } from "../threads.js";
import { holes } from "./attempts.js";
import type { FromWalled, ToWalled } from "./messages.js";

const rooms = new Map<number, Slot>();
const kinds = new Map<string, Threads>();

function roomOf({ room, place }: Extract<ToWalled, { place: unknown }>): Slot {
  const kind = `${place.language} ${place.world}`;
  const threads = kinds.get(kind) ?? new Threads(place);
  kinds.set(kind, threads);
  const slot = rooms.get(room) ?? new Slot(threads);
  rooms.set(room, slot);
  return slot;
}

async function answer(message: ToWalled): Promise<FromWalled> {
  const { id } = message;
  switch (message.kind) {
    case "try":
      return { kind: "tried", id, open: await holes(message.attempts) };
    case "ready": {
      const slot = roomOf(message);
      await slot.ready();
      return { kind: "ready", id, engine: slot.engine };
    }
    case "run": {
      const slot = roomOf(message);
      const answer = await slot.exchange(message.job);
      return { kind: "done", id, engine: slot.engine, answer };
    }
    case "cancel":
      rooms.get(message.room)?.cancel();
      return { kind: "cancelled", id };
    default:
      return message satisfies never;
  }
}

if (!process.send) throw new InfrastructureError("host.ts runs in a process of its own only");
process.on("message", (message: ToWalled) => {
  answer(message)
    .catch((error: unknown): FromWalled => ({ kind: "failed", id: message.id, message: messageOf(error) }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.on("disconnect", () => process.exit(0));
