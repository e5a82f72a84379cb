package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// applied is what is known of a migration that was applied, or begun.
type applied struct {
	file, checksum string
	statements     int
	finished       bool
}

// pending are the migrations that are to be applied.
func (s *session) pending(ctx context.Context) ([]Migration, error) {
	all, err := Read(s.opts.Files, s.opts.Dialect)
	if err != nil {
		return nil, err
	}
	before, err := s.applied(ctx)
	if err != nil {
		return nil, fmt.Errorf("read table tierkit_migrations: %w", err)
	}
	var pending []Migration
	var last int64
	for version := range before {
		last = max(last, version)
	}
	for _, m := range all {
		a, ok := before[m.Version]
		delete(before, m.Version)
		switch {
		case ok && a.checksum != m.Checksum && (a.finished || a.statements > 0):
			return nil, fmt.Errorf("migration %s was applied with another text (as %s); restore it, and write a further migration for what is to change", m.File, a.file)
		case ok && a.finished:
			continue
		case !ok && m.Version < last:
			return nil, fmt.Errorf("migration %s is older than %d, which was applied; give it a number that follows", m.File, last)
		}
		m.done = a.statements
		pending = append(pending, m)
	}
	var newest int64
	for _, m := range all {
		newest = max(newest, m.Version)
	}
	for version, a := range before {
		if s.opts.Behind && version > newest {
			continue
		}
		return nil, fmt.Errorf("migration %s was applied and is not there any more; restore the file", a.file)
	}
	return pending, nil
}

func (s *session) applied(ctx context.Context) (map[int64]applied, error) {
	if there, err := s.hasTable(ctx, "tierkit_migrations"); err != nil || !there {
		return nil, err
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT version, file, checksum, statements_done, finished FROM tierkit_migrations")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]applied{}
	for rows.Next() {
		var version int64
		var a applied
		var finished int
		if err := rows.Scan(&version, &a.file, &a.checksum, &a.statements, &finished); err != nil {
			return nil, err
		}
		a.finished = finished != 0
		all[version] = a
	}
	return all, rows.Err()
}

// apply applies one migration.
func (s *session) apply(ctx context.Context, m Migration) error {
	if s.opts.Stepwise || m.stepwise || s.opts.Dialect == sqldb.DialectMySQL {
		return s.steps(ctx, m)
	}
	return s.whole(ctx, m)
}

// whole applies it in one transaction.
func (s *session) whole(ctx context.Context, m Migration) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	// First the row, so that two runs at once meet here where there is no lock.
	if err := record(ctx, tx, m, len(m.Statements), true); err != nil {
		return err
	}
	for i, statement := range m.Statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return tx.Commit()
}

// steps carries out its statements one by one, beginning after those that were.
func (s *session) steps(ctx context.Context, m Migration) error {
	conn := again{s.conn, s.opts.fault}
	if m.done == 0 {
		if err := record(ctx, conn, m, 0, false); err != nil {
			return err
		}
	}
	for i := m.done; i < len(m.Statements); i++ {
		if err := s.lease.renew(ctx); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, m.Statements[i]); err != nil {
			return fmt.Errorf("statement %d, the next run goes on here: %w", i+1, err)
		}
		if err := s.advance(ctx, m, i+1); err != nil {
			return err
		}
	}
	return s.advance(ctx, m, len(m.Statements))
}

// execer carries out statements: a transaction, or a connection.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// record notes that a migration was begun. A file that was begun and of which
// nothing was carried out may have another text by now.
func record(ctx context.Context, db execer, m Migration, done int, finished bool) error {
	if _, err := db.ExecContext(ctx, fmt.Sprintf("DELETE FROM tierkit_migrations WHERE version = %d AND finished = 0", m.Version)); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, fmt.Sprintf(
		"INSERT INTO tierkit_migrations (version, file, checksum, statements_done, finished) VALUES (%d, '%s', '%s', %d, %d)",
		m.Version, m.File, m.Checksum, done, bit(finished)))
	return err
}

func (s *session) advance(ctx context.Context, m Migration, done int) error {
	result, err := again{s.conn, s.opts.fault}.ExecContext(ctx, fmt.Sprintf(
		"UPDATE tierkit_migrations SET statements_done = %d, finished = %d WHERE version = %d",
		done, bit(done == len(m.Statements)), m.Version))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 && s.opts.Dialect != sqldb.DialectMySQL {
		return errors.New("its row in tierkit_migrations is gone")
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
