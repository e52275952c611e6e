// Words for a colour: "pale blue", "dark greyish green", "brown".

const HUES = [
  [20, "rose"], [48, "red"], [78, "orange"], [105, "yellow"], [130, "yellow-green"], [170, "green"],
  [215, "teal"], [245, "sky blue"], [310, "blue"], [328, "violet"], [350, "magenta"], [360, "rose"],
]; // the angle of (a*, b*) in degrees up to which a name is used

/** Of a colour with CIE `a` and `b`, and its `rgb` as "#rrggbb". */
export function nameOf({ a, b, rgb }) {
  const { lightness } = labOf(rgb);
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

/** Of several colours: those that would be called the same are told apart by what they are in a style sheet. */
export function namesOf(colours) {
  const names = colours.map(nameOf);
  const isOnly = (name) => names.indexOf(name) === names.lastIndexOf(name);
  return names.map((name, i) => (isOnly(name) ? name : `${name} ${colours[i].rgb}`));
}

/** Of a colour as a hint has it: "#rrggbb", or words already. */
export function nameOfHint(colour) {
  return /^#[0-9a-f]{6}$/i.test(colour) ? nameOf({ ...labOf(colour), rgb: colour }) : colour;
}

/** CIE Lab (D65) of an sRGB colour. */
function labOf(rgb) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(rgb.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [x, y, z] = [
    (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
    0.2126 * red + 0.7152 * green + 0.0722 * blue,
    (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
  ].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return { lightness: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z) };
}
