-- The accounts of the suite; also runs on SQLite.
CREATE TABLE accounts (
	id VARCHAR(36) PRIMARY KEY,
	owner VARCHAR(100) NOT NULL,
	balance INTEGER NOT NULL CHECK (balance >= 0)
);
