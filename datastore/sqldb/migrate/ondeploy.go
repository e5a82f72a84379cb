package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/customresource"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// OnDeploy are files that a deployment applies by itself, before the functions that
// use the database serve with their new code:
//
//	sqldb.New(data, "main", sqldb.AuroraPostgres,
//		sqldb.Migrations(migrate.OnDeploy(files)),
//		sqldb.OwnerSecret(secret.NewLogin(data, "main-owner", nil)))
//
// The generated template then has a function of the same binary that does [Deploy], in
// the network of the database and with a role that may log in as its owner and nothing
// else, and a custom resource that invokes it whenever the files, the users or the
// database have changed. A migration that fails fails the deployment, which AWS
// CloudFormation rolls back; it says which statement was wrong. There is no way back for
// a database: older code finds it ahead, which is no mistake then.
//
// The owner of a new database is its master user, whose password RDS keeps in a secret
// of its own: the template takes that one for [sqldb.OwnerSecret], which is needed. For
// Aurora DSQL it is the user admin, and the role of the function.
//
// A deployment has 14 minutes for all of its migrations. What takes longer, such as an
// index of a large table, is for the command migrate, before the deployment. Plain
// files, without OnDeploy, are for that command alone.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html
func OnDeploy(files fs.FS) fs.FS {
	if files == nil {
		return nil
	}
	return onDeploy{files}
}

type onDeploy struct{ fs.FS }

var _ sqldb.Deployer = onDeploy{}

// Deployment implements [sqldb.Deployer].
func (o onDeploy) Deployment(spec sqldb.Spec) *datastore.Deployment {
	d := &datastore.Deployment{
		Name: "migrate", Ops: []string{"Own"},
		Serve: func(ctx context.Context, data *datastore.Data, event []byte) error {
			return customresource.Serve(ctx, event, customresource.Resource{
				ID: "migrations-of-" + spec.Logical,
				Apply: func(ctx context.Context, e customresource.Event) error {
					return onEvent(ctx, data, spec, e)
				},
			})
		},
	}
	for _, u := range []sqldb.User{spec.Writer, spec.Reader} {
		if u.Login != nil { // whose password the user is given
			d.Depends = append(d.Depends, datastore.Dependence{Spec: u.Login.Spec(), Ops: []string{"Get"}})
		}
	}
	d.Version, d.Err = o.version(spec)
	if d.Err == nil && spec.Owner.Login == nil && spec.Engine != sqldb.DSQL {
		d.Err = fmt.Errorf("a deployment applies its migrations as the owner, whose password RDS keeps in a secret; "+
			"add sqldb.OwnerSecret(secret.NewLogin(data, \"%s-owner\", nil))", spec.Logical)
	}
	return d
}

// version is that of the files and of the users.
func (o onDeploy) version(spec sqldb.Spec) (string, error) {
	all, err := Read(o.FS, spec.Dialect())
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errors.New("there are no files of migrations; name one such as 0001_orders.sql")
	}
	sum := sha256.New()
	for _, m := range all {
		fmt.Fprintln(sum, m.File, m.Checksum)
	}
	fmt.Fprintln(sum, spec.Engine, loginName(spec.Writer), loginName(spec.Reader))
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func loginName(u sqldb.User) string {
	if u.Login != nil {
		return "secret " + u.Login.Spec().Name()
	}
	return "user " + u.Name
}

// properties are those of the custom resource that are not only there to change.
type properties struct {
	Writers, Readers []string // roles of functions
}

// onEvent brings the database up to date.
func onEvent(ctx context.Context, data *datastore.Data, spec sqldb.Spec, e customresource.Event) error {
	var p properties
	if err := json.Unmarshal(e.ResourceProperties, &p); err != nil {
		return fmt.Errorf("the properties of the resource: %w", err)
	}
	done, err := Deploy(ctx, data, spec, DeployOptions{Behind: true, Writers: p.Writers, Readers: p.Readers})
	slog.InfoContext(ctx, "migrate", "database", spec.Logical, "applied", done.Done, "before", len(done.Before), "users", done.Users)
	if err != nil {
		return fmt.Errorf("database %s: %w", spec.Logical, err)
	}
	return nil
}
