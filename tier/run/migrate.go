//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// migrating is how to migrate.
type migrating struct {
	storeOptions
	dryRun bool
	owner  string // the ARN or the name of a secret; "" for the owner of the declaration
	// ARNs of roles, separated by commas
	writers, readers string
}

// migrate brings the databases of the App up to date, or one of them.
func (p *program) migrate(args []string) error {
	how := migrating{storeOptions: storeOptions{data: "embedded", dir: defaultDir}}
	rest, err := p.parseUpTo("migrate", args, 1, func(f *flag.FlagSet) {
		how.define(f)
		f.BoolVar(&how.dryRun, "dry-run", false, "say what is to be applied, and apply nothing")
		f.StringVar(&how.owner, "owner-secret", "", "`ARN` of the secret in AWS Secrets Manager that the owner of DATABASE logs in with, such as that of RDS for its master user (default: the owner of the declaration)")
		f.StringVar(&how.writers, "writers", "", "`ARNs` of the roles, separated by commas, that are to log in as the writer of DATABASE, if that is one of Aurora DSQL")
		f.StringVar(&how.readers, "readers", "", "`ARNs` of those that are to log in as its reader")
	})
	if err != nil {
		return err
	}
	name := strings.Join(rest, "")
	switch {
	case how.dryRun && how.data == "embedded":
		return errors.New("-dry-run: databases on this machine apply their migrations when they are opened; use it with -data aws")
	case how.owner != "" && (how.data == "embedded" || name == ""):
		return errors.New("-owner-secret: it is for one database in AWS; add -data aws and its name")
	case how.writers+how.readers != "" && (how.data == "embedded" || name == ""):
		return errors.New("-writers and -readers: they are for one database in AWS; add -data aws and its name")
	}
	data, err := p.openData(how.storeOptions)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return errors.Join(p.migrateAll(ctx, data, name, how), data.close())
}

func (p *program) migrateAll(ctx context.Context, data openedData, name string, how migrating) error {
	if _, err := p.checked(data.Data); err != nil {
		return err
	}
	databases, err := databasesOf(data.Data, name)
	if err != nil {
		return err
	}
	if len(databases) == 0 {
		fmt.Fprintln(p.stdout, "there is no database with migrations")
	}
	var errs []error
	for _, spec := range databases {
		one := p.migrateAWS
		if data.local != nil {
			one = p.migrateHere
		}
		if err := one(ctx, data, spec, how); err != nil {
			errs = append(errs, fmt.Errorf("database %s: %w", spec.Logical, err))
		}
	}
	return errors.Join(errs...)
}

// databasesOf are the declared databases with migrations, or the one of that name.
func databasesOf(data *datastore.Data, name string) ([]sqldb.Spec, error) {
	var all []sqldb.Spec
	var names []string
	for _, spec := range data.Specs() {
		db, ok := spec.(sqldb.Spec)
		if !ok {
			continue
		}
		names = append(names, db.Logical)
		switch {
		case name == db.Logical && db.Migrations == nil:
			return nil, fmt.Errorf("database %s has no migrations; declare it with sqldb.Migrations(files)", name)
		case (name == "" || name == db.Logical) && db.Migrations != nil:
			all = append(all, db)
		}
	}
	if name != "" && len(all) == 0 {
		return nil, fmt.Errorf("there is no database %q; declared are: %s", name, strings.Join(names, ", "))
	}
	return all, nil
}

// migrateHere opens a database of this machine, by which it is brought up to date.
func (p *program) migrateHere(ctx context.Context, data openedData, spec sqldb.Spec, _ migrating) error {
	if !opens(data.local, spec) {
		return errors.New("there is no driver on this machine: " + missingHere(spec))
	}
	done, err := migrate.Deploy(ctx, data.Data, spec, migrate.DeployOptions{DryRun: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "database %s: up to date, as always when it is opened here; applied are %s\n", spec.Logical, strings.Join(done.Before, ", "))
	return nil
}

// migrateAWS brings a database in AWS up to date.
func (p *program) migrateAWS(ctx context.Context, data openedData, spec sqldb.Spec, how migrating) error {
	o := migrate.DeployOptions{DryRun: how.dryRun, Writers: commas(how.writers), Readers: commas(how.readers)}
	if how.writers+how.readers != "" && spec.Engine != sqldb.DSQL {
		return fmt.Errorf("-writers and -readers: a database of %s keeps no list of roles; leave them out", spec.Engine)
	}
	if how.owner != "" {
		o.Owner = ownerLogin(data.aws, how.owner)
	}
	done, err := migrate.Deploy(ctx, data.Data, spec, o)
	if errors.Is(err, migrate.ErrLogin) && errors.Is(err, datastore.ErrDenied) && o.Owner == nil && spec.Owner.Login == nil {
		return fmt.Errorf("%w\nthe owner is user %s with a token of IAM; a new database has only its master user, "+
			"whose secret RDS keeps: add -owner-secret ARN, or declare sqldb.OwnerSecret", err, spec.Owner.Name)
	}
	if len(done.Users) > 0 {
		fmt.Fprintf(p.stdout, "database %s: %s may use it\n", spec.Logical, strings.Join(done.Users, " and "))
	}
	word := "applied"
	if how.dryRun {
		word = "to be applied"
	}
	for _, file := range done.Done {
		fmt.Fprintf(p.stdout, "database %s: %s %s\n", spec.Logical, file, word)
	}
	if len(done.Done) == 0 && err == nil {
		fmt.Fprintf(p.stdout, "database %s: up to date, %d files were applied before\n", spec.Logical, len(done.Before))
	}
	return err
}

// commas are the parts of a list.
func commas(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// ownerLogin is the login in a secret that the App does not declare.
func ownerLogin(cfg aws.Config, id string) datastore.Login {
	own := datastore.New([]datastore.Driver{smsecret.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return id, true },
	})
	return secret.NewLogin(own, "owner", nil)
}
