/** Pictures of pixels. */

const MOST_PIXELS_ACROSS = 16_384;

/** The only font there is, so that text looks the same on every machine, also where no font is installed. */
const FONT_FILE = 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf';
const FONT_FAMILY = 'DejaVu Sans';

/** The path of the font's file, which comes with a package; the renderer takes no address and no bytes. */
function fontPath(): string {
  const { pathname } = new URL(import.meta.resolve(FONT_FILE));
  // The path of file:///C:/x is /C:/x.
  return decodeURIComponent(pathname).replace(/^\/(?=[A-Za-z]:)/, '');
}

/**
 * An SVG as a PNG on white, rendered by resvg: the same bytes on every machine of a kind. Text is set in DejaVu
 * Sans whatever the SVG asks for, and characters that it lacks (Chinese ones, for instance) are left out. Needs
 * Node: the renderer is native code, loaded at the first call.
 * @param svg a document with a size, as `plotSvg` makes it
 * @param options `width` in pixels, 1 to 16,384; the height follows from the SVG
 * @throws RangeError for another width
 */
export async function plotPng(svg: string, { width }: { readonly width: number }): Promise<Uint8Array> {
  if (!Number.isInteger(width) || width < 1 || width > MOST_PIXELS_ACROSS) {
    throw new RangeError(`a picture can't be ${width} pixels wide`);
  }
  const { renderAsync } = await import('@resvg/resvg-js');
  const image = await renderAsync(svg, {
    fitTo: { mode: 'width', value: width },
    background: '#ffffff',
    font: {
      loadSystemFonts: false,
      fontFiles: [fontPath()],
      defaultFontFamily: FONT_FAMILY,
      sansSerifFamily: FONT_FAMILY,
      serifFamily: FONT_FAMILY,
      monospaceFamily: FONT_FAMILY,
    },
  });
  const png = image.asPng();
  return new Uint8Array(png.buffer, png.byteOffset, png.byteLength);
}
