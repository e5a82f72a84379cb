//go:build !lambda.norpc

package main

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

var local = []datastore.Driver{run.Local(func(dir string) datastore.Driver { return sqlitedb.In(dir) })}
