//go:build !lambda.norpc

package run

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
)

// defaultDir is where the embedded drivers keep their data, below the folder
// that the program is started in.
const defaultDir = ".tierkit"

// storeOptions are the flags of commands that use stores.
type storeOptions struct {
	data string // "embedded" or "aws"
	dir  string
}

func (o *storeOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.data, "data", o.data, "`where` the data is: embedded keeps it in -dir, aws uses the drivers that main names")
	f.StringVar(&o.dir, "dir", o.dir, "`folder` of the embedded data")
}

// openedData is a Data with what must be closed after it.
type openedData struct {
	*datastore.Data
	hub   *localsocket.Hub // has the connections of local WebSocket APIs
	where string           // for people: where the data is
	lock  func() error
	close func() error
}

// openData makes the Data of a command. Nothing is opened before the first
// operation of a store.
func (p *program) openData(o storeOptions) (openedData, error) {
	hub := localsocket.NewHub()
	switch o.data {
	case "embedded":
		tables := filetable.In(o.dir, nil)
		where, err := filepath.Abs(o.dir)
		if err != nil {
			return openedData{}, fmt.Errorf("-dir: %w", err)
		}
		data := datastore.New([]datastore.Driver{tables, hub}, nil)
		return openedData{data, hub, where, tables.Lock, tables.Close}, nil
	case "aws":
		drivers, err := p.awsDrivers()
		if err != nil {
			return openedData{}, err
		}
		// The hub goes first: the connections are here, wherever the data is.
		data := datastore.New(append([]datastore.Driver{hub}, drivers...), &datastore.Options{Lookup: p.lookup})
		nothing := func() error { return nil }
		return openedData{data, hub, "AWS, or where the SDK's endpoint variables point", nothing, nothing}, nil
	}
	return openedData{}, fmt.Errorf("-data %q: write embedded or aws", o.data)
}

// configurable is a driver of an AWS service that takes a configuration in place
// of the one it makes from the Lambda environment.
type configurable interface {
	WithConfig(aws.Config) datastore.Driver
}

// awsDrivers are the drivers of main, with the SDK's default chain of profiles,
// SSO and container credentials, which functions do not link.
func (p *program) awsDrivers() ([]datastore.Driver, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("-data aws: %w", err)
	}
	drivers := make([]datastore.Driver, len(p.drivers))
	for i, d := range p.drivers {
		if c, ok := d.(configurable); ok {
			d = c.WithConfig(cfg)
		}
		drivers[i] = d
	}
	return drivers, nil
}
