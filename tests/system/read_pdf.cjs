// Prints the text of a PDF's first page, as pdf.js reads it; fails if the password is wrong.
"use strict";
const fs = require("node:fs");
console.warn = console.log = () => {}; // it misses a canvas, which is for drawing
const pdfjs = require("pdfjs-dist/legacy/build/pdf.js");

(async () => {
  const [path, password] = process.argv.slice(2);
  const pdf = await pdfjs.getDocument({ data: new Uint8Array(fs.readFileSync(path)), password, verbosity: 0 }).promise;
  const text = await (await pdf.getPage(1)).getTextContent();
  process.stdout.write(text.items.map(({ str }) => str).join(" "));
})().catch(() => process.exit(1));
