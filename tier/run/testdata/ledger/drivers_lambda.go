//go:build lambda.norpc

package main

import "github.com/seed-18e8afb5/tierkit/datastore"

var local []datastore.Driver
