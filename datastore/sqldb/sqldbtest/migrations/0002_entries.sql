CREATE TABLE entries (
	id INTEGER PRIMARY KEY,
	account VARCHAR(36) NOT NULL,
	note VARCHAR(100),
	body VARCHAR(2000),
	FOREIGN KEY (account) REFERENCES accounts (id)
);
CREATE INDEX entries_account ON entries (account);

