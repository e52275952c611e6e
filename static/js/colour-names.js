// Words for a colour: "pale blue", "dark greyish green", "brown".

const HUES = [
  [20, "rose"], [48, "red"], [78, "orange"], [105, "yellow"], [130, "yellow-green"], [170, "green"],
  [215, "teal"], [245, "sky blue"], [310, "blue"], [328, "violet"], [350, "magenta"], [360, "rose"],
]; // the angle of (a*, b*) in degrees up to which a name is used

/** Of a colour with CIE `a` and `b`, and its `rgb` as "#rrggbb". */
export function nameOf({ a, b, rgb }) {
  const lightness = lightnessOf(rgb);
  const chroma = Math.hypot(a, b);
  const [dark, light] = [lightness < 35, lightness > 72];
  if (chroma < 6) return dark ? "dark grey" : light ? "light grey" : "grey";
  const angle = ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
  let [, hue] = HUES.find(([end]) => angle <= end);
  if (hue === "orange" && chroma < 45) hue = light ? "beige" : "brown";
  const words = [dark ? "dark" : light ? (chroma < 20 ? "pale" : "light") : "", hue];
  if (chroma > 50) words.splice(1, 0, "strong");
  else if (chroma < 20 && !light) words.splice(1, 0, "greyish");
  return words.filter(Boolean).join(" ");
}

/** L* of an sRGB colour, 0..100. */
function lightnessOf(rgb) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(rgb.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}
