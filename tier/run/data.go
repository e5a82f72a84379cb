//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
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
	hub     *localsocket.Hub      // has the connections of local WebSocket APIs
	callees *callees              // run the App's functions for those that call them
	buckets *filebucket.Driver    // nil if they are in AWS
	where   string                // for people: where the data is
	dir     string                // of embedded data, as -dir names it
	secrets *filesecret.Driver    // nil if they are in AWS
	users   *localidentity.Driver // nil if they are in AWS
	// local are the drivers of this machine, nil if the data is in AWS, and remote
	// those that main names for AWS.
	local, remote []datastore.Driver
	aws           aws.Config // if the data is in AWS
	lock          func() error
	close         func() error
}

// openData makes the Data of a command. Nothing is opened before the first
// operation of a store.
func (p *program) openData(o storeOptions) (openedData, error) {
	switch o.data {
	case "embedded":
		return p.embeddedData(o.dir)
	case "aws":
		return p.awsData()
	}
	return openedData{}, errData(o.data)
}

func errData(where string) error { return fmt.Errorf("-data %q: write embedded or aws", where) }

// embeddedData has the embedded drivers of the folder, those first that main
// names with [Local], and for kinds that have none the others that main names: a
// web service is reached on localhost as it is in AWS.
func (p *program) embeddedData(dir string) (openedData, error) {
	where, err := filepath.Abs(dir)
	if err != nil {
		return openedData{}, fmt.Errorf("-dir: %w", err)
	}
	var drivers, remote []datastore.Driver
	for _, d := range p.drivers {
		if l, ok := d.(*localDriver); ok {
			drivers = append(drivers, l.in(dir))
		} else {
			remote = append(remote, d)
		}
	}
	hub, functions, tables, buckets := localsocket.NewHub(), &callees{}, filetable.In(dir, nil), filebucket.In(dir, nil)
	calls, secrets, users := localcall.New(functions.run, nil), filesecret.In(dir), localidentity.In(dir, nil)
	drivers = append(drivers, hub, calls, tables, buckets, secrets, fileconfig.In(dir),
		filekey.In(dir), filesearch.In(dir), users,
		memorycache.New(nil), memoryqueue.New(), memorystream.New(), memorytopic.New(nil))
	closeAll := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		errs := []error{calls.Close(ctx)}
		for _, d := range slices.Backward(drivers) {
			if c, ok := d.(io.Closer); ok {
				errs = append(errs, c.Close())
			}
		}
		return errors.Join(errs...)
	}
	data := datastore.New(slices.Concat(drivers, remote), &datastore.Options{Lookup: p.lookup, Missing: missingHere})
	return openedData{
		Data: data, hub: hub, callees: functions, buckets: buckets, secrets: secrets, users: users,
		dir: dir, where: where, local: drivers, remote: remote, lock: tables.Lock, close: closeAll,
	}, nil
}

// closeTime is how long started functions that run may still take at the end.
const closeTime = 5 * time.Second

func (p *program) awsData() (openedData, error) {
	drivers, cfg, err := p.awsDrivers()
	if err != nil {
		return openedData{}, err
	}
	// The hub goes first: the connections are here, wherever the data is.
	hub := localsocket.NewHub()
	drivers = append([]datastore.Driver{hub}, drivers...)
	data := datastore.New(drivers, &datastore.Options{Lookup: p.lookup})
	nothing := func() error { return nil }
	return openedData{
		Data: data, hub: hub, callees: &callees{}, aws: cfg, remote: drivers,
		where: "AWS, or where the SDK's endpoint variables point", lock: nothing, close: nothing,
	}, nil
}

// configurable is a driver of an AWS service that takes a configuration in place
// of the one it makes from the Lambda environment.
type configurable interface {
	WithConfig(aws.Config) datastore.Driver
}

// awsDrivers are the drivers of main that reach AWS, with the SDK's default chain
// of profiles, SSO and container credentials, which functions do not link, and its
// configuration.
func (p *program) awsDrivers() ([]datastore.Driver, aws.Config, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, cfg, fmt.Errorf("-data aws: %w", err)
	}
	var drivers []datastore.Driver
	for _, d := range p.drivers {
		switch own := d.(type) {
		case *localDriver:
		case configurable:
			drivers = append(drivers, own.WithConfig(cfg))
		default:
			drivers = append(drivers, d)
		}
	}
	return drivers, cfg, nil
}
