package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
)

// stmt is a statement that is sent whole each time.
type stmt struct {
	conn  *conn
	query string
}

var (
	_ driver.Stmt             = (*stmt)(nil)
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
)

func (s *stmt) Close() error  { return nil }
func (s *stmt) NumInput() int { return -1 } // not known

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.conn.ExecContext(ctx, s.query, args)
	if !errors.Is(err, driver.ErrSkip) {
		return result, err
	}
	return s.prepared(ctx, func(ctx context.Context, p driver.Stmt) (driver.Result, error) {
		return p.(driver.StmtExecContext).ExecContext(ctx, args)
	})
}

// prepared runs a statement that the driver cannot send whole.
func (s *stmt) prepared(ctx context.Context, do func(context.Context, driver.Stmt) (driver.Result, error)) (result driver.Result, err error) {
	err = s.conn.run(ctx, func(ctx context.Context) error {
		p, err := s.conn.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, s.query)
		if err != nil {
			return err
		}
		defer p.Close()
		result, err = do(ctx, p)
		return err
	})
	return result, err
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	found, err := s.conn.QueryContext(ctx, s.query, args)
	if !errors.Is(err, driver.ErrSkip) {
		return found, err
	}
	r := &rows{conn: s.conn, ctx: ctx, one: askingOf(ctx) == askedForOne}
	err = s.conn.run(ctx, func(ctx context.Context) (err error) {
		if r.guard, err = s.conn.guard(ctx); err != nil {
			return err
		}
		if r.stmt, err = s.conn.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, s.query); err != nil {
			return err
		}
		r.Rows, err = r.stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	if err != nil {
		if r.stmt != nil {
			r.stmt.Close()
		}
		r.guard.release()
		return nil, err
	}
	return r, nil
}

var errOld = errors.New("sqldb: a statement needs a context")

// Exec and Query are not called: there are the methods with a context.
func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, errOld }
func (s *stmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errOld }
