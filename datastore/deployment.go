package datastore

import "context"

// Deployable is an optional interface of a [Spec]: a store to which something is to
// be done at each deployment, before the functions that use it serve.
type Deployable interface {
	Spec
	// Deployment is what is to be done, nil for nothing.
	Deployment() *Deployment
}

// Deployment is what is done to a store at a deployment, by a function of its own:
// the generated template has it invoked by AWS CloudFormation as a custom resource,
// on which the functions that use the store depend.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
type Deployment struct {
	// Name is what is done, in a word: "migrate".
	Name string
	// Ops are what it does to the store, for [Spec.Needs]: "Own".
	Ops []string
	// Depends are other stores that it uses.
	Depends []Dependence
	// Version changes with what there is to do.
	Version string
	// Err is a mistake because of which it cannot be done.
	Err error
	// Serve answers an event of CloudFormation. The error is for the log: what
	// CloudFormation is to know it has been told.
	Serve func(ctx context.Context, data *Data, event []byte) error
}
