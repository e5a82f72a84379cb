//go:build !lambda.norpc

package main

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localpostgres"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

var local = []datastore.Driver{run.Local(func(dir string) datastore.Driver { return localpostgres.In(dir) })}
