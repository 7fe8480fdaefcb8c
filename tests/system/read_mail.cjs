// Reads messages, one in base64 on each line, with two parsers that mail programs use, and prints what they saw.
"use strict";
const readline = require("node:readline");
const { simpleParser } = require("mailparser");
const libmime = require("libmime"); // mailparser's own decoder
const { default: PostalMime, decodeWords } = require("postal-mime");

const boxes = (list) => (list || []).map(({ name, address }) => [name || "", address || ""]);
const each = (value) => (value ? [].concat(value).flatMap((group) => boxes(group.value)) : []);

async function withMailparser(raw) {
  const mail = await simpleParser(raw, { skipImageLinks: true, skipTextLinks: true, skipTextToHtml: true, skipHtmlToText: true });
  return {
    headers: mail.headerLines.map(({ key }) => key),
    from: each(mail.from), to: each(mail.to), cc: each(mail.cc), "reply-to": each(mail.replyTo),
    subject: mail.subject || "", note: libmime.decodeWords(mail.headers.get("x-note") || ""),
    filename: mail.attachments.map(({ filename }) => filename),
    sizes: mail.attachments.map(({ content }) => content.length),
    text: mail.text || "", html: mail.html || "",
  };
}

async function withPostalMime(raw) {
  const mail = await PostalMime.parse(raw);
  return {
    headers: mail.headers.map(({ key }) => key),
    from: boxes(mail.from ? [mail.from] : []), to: boxes(mail.to), cc: boxes(mail.cc), "reply-to": boxes(mail.replyTo),
    subject: mail.subject || "", note: decodeWords((mail.headers.find(({ key }) => key === "x-note") || {}).value || ""),
    filename: mail.attachments.map(({ filename }) => filename),
    sizes: mail.attachments.map(({ content }) => content.byteLength),
    text: mail.text || "", html: mail.html || "",
  };
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const raw = Buffer.from(line, "base64");
    const seen = { mailparser: await withMailparser(raw), "postal-mime": await withPostalMime(raw) };
    process.stdout.write(`${JSON.stringify(seen)}\n`);
  }
})();
