/** Text that comes from a user or a file, made fit to be printed. */

/**
 * Text on one line: control characters, which could move a terminal's cursor and may not stand in XML, become
 * spaces; what is no character at all becomes U+FFFD.
 */
export const plainText = (text: string): string =>
  text.replace(/\p{Cc}|[\u2028\u2029]/gu, ' ').replace(/\p{Cs}|\uFFFE|\uFFFF/gu, '\uFFFD');
