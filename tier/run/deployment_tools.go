//go:build !lambda.norpc

package run

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// checkDeployments finds stores that a deployment uses and that no driver of main
// opens: it would be known when the database was made, and the stack rolled back.
func (p *program) checkDeployments(app *tier.App) error {
	remote := slices.DeleteFunc(slices.Clone(p.drivers), func(d datastore.Driver) bool {
		_, here := d.(*localDriver)
		return here
	})
	var errs []error
	for _, f := range app.Deployments() {
		store, d := f.Deployment()
		for _, spec := range f.Stores() {
			if spec.Kind() != "key" && !opens(remote, spec) { // a key is used by the secret's service
				errs = append(errs, &datastore.DeclarationError{At: f.At(), Message: fmt.Sprintf(
					"%s %s: what a deployment does (%s) uses %s %s, for which there is no driver; name one in run.Main",
					store.Kind(), store.Name(), d.Name, spec.Kind(), spec.Name())})
			}
		}
	}
	return errors.Join(errs...)
}

// noteMigrations says of databases that functions use whose migrations are for the
// command alone.
func (p *program) noteMigrations(app *tier.App) {
	var said []string
	for _, f := range app.Functions() {
		for _, spec := range f.Stores() {
			db, ok := spec.(sqldb.Spec)
			if !ok || db.Migrations == nil || db.Deployment() != nil || slices.Contains(said, db.Logical) {
				continue
			}
			said = append(said, db.Logical)
			fmt.Fprintf(p.stderr, "sqldb %s: no deployment applies its migrations; write sqldb.Migrations(migrate.OnDeploy(files)), "+
				"or apply them with the command migrate -data aws %s\n", db.Logical, db.Logical)
		}
	}
}
