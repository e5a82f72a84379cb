//go:build !lambda.norpc

package run

import (
	"fmt"
	"path"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// What a store lacks in AWS, and what to write.

// lacksInAWS is what keeps a store in AWS from being used; "" for nothing.
func (d openedData) lacksInAWS(app *tier.App, spec datastore.Spec) string {
	if opens([]datastore.Driver{d.hub}, spec) {
		return "" // the connections are here
	}
	users := slices.DeleteFunc(slices.Clone(app.Functions()), func(f *tier.Function) bool { return !operates(f, spec) })
	if len(users) == 0 {
		return "" // AWS alone uses it
	}
	if !opens(d.remote, spec) && slices.ContainsFunc(users, func(f *tier.Function) bool { return !readInAWS(f, spec) }) {
		return "has no driver for AWS: " + nameDriver(spec)
	}
	if _, addressed := d.Physical(spec); !addressed && !opensAlone(d.remote, spec) {
		return "is not known here: set " + datastore.Variable(spec) + ", which the template sets for its functions"
	}
	return ""
}

// operates reports whether a function uses a store itself, or what depends on it, and
// does not only get its records from Lambda.
func operates(f *tier.Function, spec datastore.Spec) bool {
	return slices.ContainsFunc(datastore.Usages(f.Grants()), func(u datastore.Usage) bool {
		return datastore.Same(u.Spec, spec) && !datastore.IsIndirect(u.Spec) && slices.ContainsFunc(u.Ops, func(op string) bool {
			return op != datastore.Receive && op != datastore.Discard
		})
	})
}

// readInAWS reports whether spec is a secret that a service alone reads for a function:
// a Data API does to log in, and needs no more than its ARN.
func readInAWS(f *tier.Function, spec datastore.Spec) bool {
	if own, ok := spec.(secret.Spec); !ok || !own.Login {
		return false
	}
	return !slices.ContainsFunc(datastore.Usages(f.Grants()), func(u datastore.Usage) bool {
		return datastore.Same(u.Spec, spec) && (len(u.Grants) > 0 || slices.ContainsFunc(u.For, logsIn))
	})
}

// logsIn reports whether the function logs in to a store itself.
func logsIn(spec datastore.Spec) bool {
	switch s := spec.(type) {
	case sqldb.Spec:
		return !s.DataAPI
	case warehouse.Spec:
		return s.Wire
	}
	return true
}

// warnDriverless tells of the stores of deployed functions that no driver of main
// opens: the functions would answer errors.
func (p *program) warnDriverless(app *tier.App) {
	drivers := slices.DeleteFunc(slices.Clone(p.drivers), func(d datastore.Driver) bool {
		_, local := d.(*localDriver)
		return local
	})
	var told []datastore.Spec
	for _, f := range app.Functions() {
		for _, spec := range f.Stores() {
			if opens(drivers, spec) || readInAWS(f, spec) || !operates(f, spec) || slices.ContainsFunc(told, func(s datastore.Spec) bool { return datastore.Same(s, spec) }) {
				continue
			}
			told = append(told, spec)
			fmt.Fprintf(p.stderr, "warning: %s %s has no driver for AWS, so that function %s could not use it: %s\n",
				spec.Kind(), spec.Name(), f.Name(), nameDriver(spec))
		}
	}
}

// nameDriver says which driver opens a store in AWS.
func nameDriver(spec datastore.Spec) string {
	pkg := driverFor(spec)
	if pkg == "" {
		return "name one in run.Main"
	}
	return fmt.Sprintf("name %s.Driver in run.Main, of package %s", path.Base(pkg), "github.com/seed-18e8afb5/tierkit/datastore/"+pkg)
}

// driverFor is the package, below datastore, of the driver for AWS; "" if none
// is known.
func driverFor(spec datastore.Spec) string {
	switch s := spec.(type) {
	case sqldb.Spec:
		switch {
		case s.DataAPI:
			return "iam/rdsdatasql"
		case s.Engine == sqldb.DSQL:
			return "iam/dsqlsql"
		case s.Dialect() == sqldb.DialectPostgres:
			return "vpc/rdspostgres"
		}
		return "vpc/rdsmysql"
	case config.Spec:
		if s.Source == config.Parameter {
			return "iam/ssmconfig"
		}
		return "iam/appconfig"
	case secret.Spec:
		if s.Source == secret.Parameter {
			return "iam/ssmsecret"
		}
		return "iam/smsecret"
	case warehouse.Spec:
		if s.Wire {
			return "vpc/redshiftwire"
		}
		return "iam/redshiftwarehouse"
	case identity.Spec:
		if s.IsExchange() {
			return "iam/poolidentity"
		}
		return "iam/cognitoidentity"
	}
	return driverOfKind[spec.Kind()]
}

var driverOfKind = map[string]string{
	"table": "iam/dynamotable", "blob": "iam/s3blob", "cache": "vpc/valkeycache",
	"search": "iam/opensearchindex",
	"queue":  "iam/sqsqueue", "topic": "iam/snstopic", "stream": "iam/kinesisstream",
	"call": "iam/lambdacall", "service": "vpc/webservice", "key": "iam/kmskey",
	"connection": "iam/socketconnection",
}
