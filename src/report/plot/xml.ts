/** Elements of any DOM as XML. A browser's own `outerHTML` of an SVG element is HTML, which no SVG reader takes. */

/** The part of a DOM node that writing it needs; browsers' and linkedom's have it. */
export interface XmlNode {
  readonly nodeType: number;
  readonly localName?: string;
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
  readonly childNodes?: Iterable<XmlNode>;
  readonly nodeValue: string | null;
}

const ELEMENT = 1;
const TEXT = 3;

/** Text for the inside of an element or of an attribute in double quotes. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Elements and text; anything else, such as a comment, is left out. Attributes are in the order of their names. */
export function xmlText(node: XmlNode): string {
  if (node.nodeType === TEXT) return escaped(node.nodeValue ?? '');
  if (node.nodeType !== ELEMENT) return '';
  const attributes = [...(node.attributes ?? [])]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => ` ${name}="${escaped(value)}"`)
    .join('');
  const inside = [...(node.childNodes ?? [])].map(xmlText).join('');
  return inside === ''
    ? `<${node.localName}${attributes}/>`
    : `<${node.localName}${attributes}>${inside}</${node.localName}>`;
}
