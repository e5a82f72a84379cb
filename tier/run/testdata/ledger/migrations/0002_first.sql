INSERT INTO entries (id, cents) VALUES ('first', 1);
