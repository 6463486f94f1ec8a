import { z } from 'zod';

export const ASSET_ID = /^ast_[0-9a-z]{26}$/;

/** `_earshot/assets/{tenant}/{assetId}.json`; the audio lies beside it as `{assetId}.pcm`, PCM16LE at 16 kHz. */
export const AssetRecord = z.object({
  v: z.literal(1),
  assetId: z.string(),
  tenant: z.string(),
  filename: z.string(),
  contentType: z.string(),
  /** Of the file that was sent. */
  sizeBytes: z.int().positive(),
  samples: z.int().min(0),
  sha256: z.string(),
  createdAt: z.iso.datetime(),
});
export type AssetRecord = z.infer<typeof AssetRecord>;

/** An asset as WADial clients see it. */
export const AssetView = z.object({
  id: z.string(),
  filename: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  durationMs: z.int().nullable(),
  status: z.literal('ready'),
});
export type AssetView = z.infer<typeof AssetView>;
