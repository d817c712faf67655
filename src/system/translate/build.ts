/** A scheme from a configuration, whichever it is. */
import type { SchemeSummary } from '../../report/translate-schema.ts';
import type { Built } from './built.ts';
import { buildBaseBounds, buildSegments } from './byte-schemes.ts';
import type { Place, TranslateConfig } from './config.ts';
import { buildHashed } from './hashed.ts';
import { buildInverted } from './inverted.ts';
import { buildHybrid, buildLinear } from './linear.ts';
import { buildRadix } from './radix.ts';
import { buildVax } from './vax.ts';

/** @throws UserError naming the place of the first mistake */
export function buildScheme(config: TranslateConfig, place: Place): Built {
  switch (config.scheme) {
    case 'base-bounds':
      return buildBaseBounds(config, place);
    case 'segments':
      return buildSegments(config, place);
    case 'linear':
      return buildLinear(config, place);
    case 'hybrid':
      return buildHybrid(config, place);
    case 'vax':
      return buildVax(config, place);
    case 'inverted':
      return buildInverted(config, place);
    case 'hashed':
      return buildHashed(config, place);
    default:
      return buildRadix(config, place);
  }
}

export const summaryOf = ({ kind, title, scheme, physicalBits }: Built): SchemeSummary => ({
  name: kind,
  title,
  addressBits: scheme.addressBits,
  physicalBits,
  granule: scheme.granule,
});
