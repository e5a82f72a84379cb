package iam

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Native is the driver D that keeps a store of data, and what the variable of the
// store holds, for the function of D's package that gives out its client. Where
// another driver keeps the store, as on localhost and in tests, or the variable is
// not set, the error is of kind [datastore.ErrUnavailable].
func Native[D datastore.Driver](data *datastore.Data, store datastore.Store) (driver D, physical string, err error) {
	spec := store.Spec()
	keeper, err := datastore.DriverOf[datastore.Driver](data, spec)
	if err != nil {
		return driver, "", err
	}
	driver, ok := keeper.(D)
	if !ok {
		return driver, "", noClient(spec, fmt.Errorf("it is kept by %s here, which has no client of the service", keeper.Name()))
	}
	physical, ok = data.Physical(spec)
	if !ok || physical == "" {
		return driver, "", noClient(spec, fmt.Errorf("%s is not set (the generated template sets it)", datastore.Variable(spec)))
	}
	return driver, physical, nil
}

func noClient(spec datastore.Spec, err error) error {
	return &datastore.Error{Store: spec.Kind() + " " + spec.Name(), Op: "client", Kind: datastore.ErrUnavailable, Err: err}
}
