package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore/retry"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// roleUser is a user of Aurora DSQL: who logs in as it, and what it may do.
type roleUser struct {
	name, rights string
	roles        []string // of IAM
	others       []string // that are not to log in as it
}

// roleUsers are the writer and the reader of a declaration.
func roleUsers(spec sqldb.Spec, o DeployOptions) []roleUser {
	without := func(all, some []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(role string) bool { return slices.Contains(some, role) })
	}
	return []roleUser{
		{spec.Writer.Name, "SELECT, INSERT, UPDATE, DELETE", o.Writers, without(o.Readers, o.Writers)},
		{spec.Reader.Name, "SELECT", o.Readers, without(o.Writers, o.Readers)},
	}
}

// again carries out statements outside of transactions, and once more those that the
// database refused because others were first, as Aurora DSQL does to a session that has
// not seen yet how tables were changed.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
type again struct {
	execer
	fault func(error) sqldb.Fault // nil: nothing is sent again
}

func (a again) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	if a.fault == nil {
		return a.execer.ExecContext(ctx, query, args...)
	}
	failed := retry.New(nil).Do(ctx, retry.Call{Whole: true}, func(ctx context.Context) *retry.Fault {
		if result, err = a.execer.ExecContext(ctx, query, args...); err == nil {
			return nil
		}
		f := a.fault(err)
		return &retry.Fault{Err: err, Kind: f.Kind, Code: f.Code, Retry: f.Retry && !f.Broken}
	})
	if failed != nil && err == nil { // there was no time for it
		err = failed
	}
	return result, err
}

// withRoles makes the users of a database of Aurora DSQL and says which roles of IAM
// log in as them, has the migrations applied, and gives the users their rights on the
// tables that there are then: DSQL knows neither DO nor default privileges, nor
// transactions of several such statements.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/using-database-and-iam-roles.html
func withRoles(ctx context.Context, pool *sql.DB, fault func(error) sqldb.Fault, spec sqldb.Spec, o DeployOptions, d *Deployment, apply func() error) error {
	db := roleDB{pool, again{pool, fault}}
	users := roleUsers(spec, o)
	for _, u := range users {
		if err := u.create(ctx, db); err != nil {
			return fmt.Errorf("user %s: %w", u.name, err)
		}
	}
	// Also if a migration fails: the tables of those before it have no rights yet.
	err := apply()
	for _, u := range users {
		if failed := u.grant(ctx, db); failed != nil {
			return errors.Join(err, fmt.Errorf("user %s: %w", u.name, failed))
		}
		d.Users = append(d.Users, u.name)
	}
	return err
}

// roleDB is a database of Aurora DSQL.
type roleDB struct {
	pool *sql.DB
	again
}

// roleARN is how the ARN of a role looks, which can stand between quotes.
var roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$`)

// create makes the user if it is not there, and ties it to its roles.
func (u roleUser) create(ctx context.Context, db roleDB) error {
	if err := plainName(u.name); err != nil {
		return err
	}
	exists := "SELECT rolname FROM pg_roles WHERE rolname = '" + u.name + "'"
	there, err := db.column(ctx, exists)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		if _, err := db.ExecContext(ctx, `CREATE ROLE "`+u.name+`" WITH LOGIN`); err != nil {
			if there, failed := db.column(ctx, exists); failed != nil || len(there) == 0 { // unless another run was first
				return err
			}
		}
	}
	tied, err := db.column(ctx, "SELECT arn FROM sys.iam_pg_role_mappings WHERE pg_role_name = '"+u.name+"'")
	if err != nil {
		return fmt.Errorf("which roles log in: %w", err)
	}
	for _, role := range u.roles {
		if !roleARN.MatchString(role) {
			return fmt.Errorf("%.200q is no ARN of a role", role)
		}
		if !slices.Contains(tied, role) {
			if _, err := db.ExecContext(ctx, `AWS IAM GRANT "`+u.name+`" TO '`+role+`'`); err != nil {
				return err
			}
		}
	}
	for _, role := range u.others {
		if slices.Contains(tied, role) {
			if _, err := db.ExecContext(ctx, `AWS IAM REVOKE "`+u.name+`" FROM '`+role+`'`); err != nil {
				return err
			}
		}
	}
	return nil
}

// grant gives the user its rights on the tables that there are.
func (u roleUser) grant(ctx context.Context, db roleDB) error {
	schemas, err := db.column(ctx, "SELECT quote_ident(current_schema())")
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		for _, right := range []string{"USAGE ON SCHEMA ", u.rights + " ON ALL TABLES IN SCHEMA "} {
			if _, err := db.ExecContext(ctx, "GRANT "+right+schema+` TO "`+u.name+`"`); err != nil {
				return err
			}
		}
	}
	return nil
}

// column is the first column of what a query finds.
func (db roleDB) column(ctx context.Context, query string) (all []string, err error) {
	rows, err := db.pool.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
