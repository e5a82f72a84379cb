//go:build !lambda.norpc

package run

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// What a store lacks on localhost, and what to write: in the error of its first
// operation, and before serving.

const embedded = "github.com/seed-18e8afb5/tierkit/datastore/embedded/"

// missingHere says what to write where nothing on localhost opens a store.
func missingHere(spec datastore.Spec) string {
	db, ok := spec.(sqldb.Spec)
	switch {
	case spec.Kind() == "warehouse":
		return "give run.Main the driver run.Local(func(dir string) datastore.Driver { return sqlwarehouse.Over(open) }), where open opens " +
			"a SQLite or a PostgreSQL, " + toolFile("sqlwarehouse")
	case !ok:
		return "name one in run.Main that reaches it from this machine, and set " + datastore.Variable(spec)
	case db.Portable:
		return localLine("sqlitedb")
	case db.Dialect() == sqldb.DialectPostgres && db.Engine != sqldb.DSQL:
		return localLine("localpostgres") + "; or declare it sqldb.Portable(), if its SQL runs on SQLite too, and do so with sqlitedb"
	}
	return "declare it sqldb.Portable(), if its SQL runs on SQLite too, and " + localLine("sqlitedb")
}

// localLine is how a driver is named that not every program links.
func localLine(pkg string) string {
	return fmt.Sprintf("give run.Main the driver run.Local(func(dir string) datastore.Driver { return %s.In(dir) }), %s", pkg, toolFile(pkg))
}

// toolFile is where it is named, so that functions do not link it.
func toolFile(pkg string) string {
	return fmt.Sprintf("in a file that begins with //go:build !lambda.norpc and imports %q", embedded+pkg)
}

// opens reports whether one of the drivers opens a store.
func opens(drivers []datastore.Driver, spec datastore.Spec) bool {
	return slices.ContainsFunc(drivers, func(d datastore.Driver) bool {
		c, chooses := d.(datastore.Chooser)
		return d.Kind() == spec.Kind() && (!chooses || c.Opens(spec))
	})
}

// announceMissing tells, before serving, of each store what it still lacks.
func (p *program) announceMissing(app *tier.App, data openedData) {
	for _, spec := range data.Specs() {
		if lacks := data.lacks(app, spec); lacks != "" {
			fmt.Fprintf(p.stdout, "%s %s %s  %s\n", spec.Kind(), spec.Name(), lacks, data.DeclaredAt(spec).RelativeTo(p.folder))
		}
	}
}

// standalone is a driver that knows where its stores are, and finds them by no
// variable: an embedded one that main names without [Local].
type standalone interface{ Standalone() }

// opensAlone reports whether one of the drivers opens a store without a variable.
func opensAlone(drivers []datastore.Driver, spec datastore.Spec) bool {
	return slices.ContainsFunc(drivers, func(d datastore.Driver) bool {
		_, alone := d.(standalone)
		return alone && opens([]datastore.Driver{d}, spec)
	})
}

// lacks is what keeps a store from being used; "" for nothing.
func (d openedData) lacks(app *tier.App, spec datastore.Spec) string {
	if d.local == nil {
		return d.lacksInAWS(app, spec)
	}
	_, addressed := d.Physical(spec)
	own, isSecret := spec.(secret.Spec)
	switch {
	case isSecret:
		state, _ := stateOf(d.secrets, app, own) // the first operation answers the error
		if state != secretMissing {
			return ""
		}
		command := "go run . secret set "
		if d.dir != defaultDir {
			command += "-dir " + d.dir + " "
		}
		return "has no value: " + command + own.Logical
	case opens(d.local, spec) || opensAlone(d.remote, spec) || addressed && opens(d.remote, spec):
		return ""
	case spec.Kind() == "sqldb" || spec.Kind() == "warehouse":
		return "has no driver on this machine: " + missingHere(spec)
	case opens(d.remote, spec):
		return "is not there: set " + datastore.Variable(spec)
	}
	return "has no driver on this machine: " + missingHere(spec)
}
