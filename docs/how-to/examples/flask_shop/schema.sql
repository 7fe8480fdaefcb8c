CREATE TABLE customer (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  street TEXT NOT NULL,
  city TEXT NOT NULL,
  passphrase BLOB NOT NULL -- encrypted
);
CREATE TABLE piece (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  price TEXT NOT NULL,
  stock INTEGER NOT NULL CHECK (stock >= 0)
);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY,
  customer INTEGER NOT NULL REFERENCES customer,
  piece INTEGER NOT NULL REFERENCES piece,
  engraving TEXT NOT NULL CHECK (length(engraving) <= 60),
  placed TEXT NOT NULL,
  message_id TEXT NOT NULL, -- the same for every try
  mail TEXT NOT NULL DEFAULT 'due' CHECK (mail IN ('due', 'sending', 'sent', 'partly', 'stuck'))
);
