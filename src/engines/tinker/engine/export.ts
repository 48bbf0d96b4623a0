// The weights of a checkpoint elsewhere, brought here: as its server packs them, which may be a model's own or adapters in
// PEFT's layout. What is in the archive is not looked at.

import { messageOf } from "../../../core/errors.js";
import { openTinker } from "../client/open.js";
import { checkpointName, type RemoteCheckpoint } from "./checkpoint.js";

interface DownloadOptions {
  /** Null: TINKER_BASE_URL, else the hosted service. */
  readonly baseUrl: string | null;
  /** A tar.gz. */
  readonly file: string;
  readonly onNotice: (message: string) => void;
}

/** @throws the client's errors; StorageError where the file cannot be written */
export async function downloadWeights(
  { model: baseModel, lora, path }: RemoteCheckpoint,
  { baseUrl, file, onNotice }: DownloadOptions,
): Promise<void> {
  const client = await openTinker({ ...(baseUrl !== null && { baseUrl }), onNotice });
  try {
    const model = await client.createModel({ baseModel, lora: lora ?? { rank: 0 } });
    try {
      await model.loadWeights(path, { optimizer: false });
      const packed = await model.saveWeightsForSampler(checkpointName("export"));
      await client.downloadCheckpoint(packed, file);
      await client
        .deleteCheckpoint(packed)
        .catch((error: unknown) => onNotice(`${packed} stays on the server: ${messageOf(error)}`));
    } finally {
      await model.unload();
    }
  } finally {
    await client.close();
  }
}
