package policy

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
)

// ConfigIDs are the logical ids of the application and the environment in AppConfig
// that a configuration belongs to.
func ConfigIDs(spec config.Spec) (application, environment string) {
	id := StoreID(spec)
	return id + "Application", id + "Environment"
}

// ConfigName is the name of the parameter of Systems Manager that the template makes
// for a configuration, without the slash before it, for Fn::Sub.
func ConfigName(spec config.Spec) string { return "${AWS::StackName}/config/" + spec.Logical }

// configSubstitutes are what stands for the names of a configuration.
func configSubstitutes(store datastore.Spec, id string) []substitute {
	spec, _ := store.(config.Spec)
	application, environment := ConfigIDs(spec)
	name := "${" + id + "}"
	if spec.Source == config.Parameter && !spec.Existing {
		name = ConfigName(spec)
	}
	return []substitute{{config.Application, "${" + application + "}"}, {config.Environment, "${" + environment + "}"}, {"{name}", name}}
}
