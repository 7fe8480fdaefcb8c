// Does the same as verify_dkim.pl.
"use strict";
const { readFileSync } = require("node:fs");
const { dkimVerify } = require("mailauth/lib/dkim/verify");

const lines = readFileSync(process.argv[2], "utf8").trimEnd().split("\n");
const records = new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));

async function resolver(name, type) {
  if (type === "TXT" && records.has(name)) return [[records.get(name)]];
  throw Object.assign(new Error("no record"), { code: "ENOTFOUND" });
}

(async () => {
  const { results } = await dkimVerify(readFileSync(0), { resolver });
  for (const { algo, status } of results) console.log(algo, status.result);
})();
