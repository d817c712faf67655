/** `--translation FILE`: page tables of the user's own, as JSON. */
import { z } from 'zod';
import { geometrySchema } from '../system/options-schema.ts';
import type { OwnGeometry } from '../system/translation-options.ts';
import { checkedFile } from './config-file.ts';

/** @throws UserError naming the file and the key */
export const loadGeometry = (path: string): OwnGeometry =>
  checkedFile(path, `--translation ${path}`, geometrySchema, () =>
    Object.keys(z.toJSONSchema(geometrySchema).properties ?? {}),
  );
