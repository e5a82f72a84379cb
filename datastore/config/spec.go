package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Source is the product of AWS that keeps a configuration.
type Source uint8

const (
	// AppConfig is a profile of AWS AppConfig: documents of up to 1 MB that are
	// deployed step by step and rolled back on an alarm, a price for each time that
	// one is asked for.
	AppConfig Source = iota + 1
	// FeatureFlags is a profile of AWS AppConfig of the type of feature flags, which
	// its console edits. Its document begins as AppConfig wants it, with the members
	// version, flags and values, and is read as AppConfig gives it out, with the
	// values alone, and without variants: these it gives to its agent alone.
	// middleware.FlagSet reads it.
	FeatureFlags
	// Parameter is a parameter of AWS Systems Manager, a String: up to 4 KB, free as
	// standard, changed at once.
	Parameter
)

func (s Source) String() string {
	switch s {
	case AppConfig:
		return "AppConfig"
	case FeatureFlags:
		return "feature flags of AppConfig"
	case Parameter:
		return "a parameter of Systems Manager"
	}
	return "no source"
}

// MaxDocument is how many bytes a document may have. A standard parameter has 4,096.
//
// See https://docs.aws.amazon.com/general/latest/gr/appconfig.html
// and https://docs.aws.amazon.com/general/latest/gr/ssm.html
func (s Source) MaxDocument() int {
	if s == Parameter {
		return 4096
	}
	return 1 << 20
}

// Spec says what a configuration is. It is comparable.
type Spec struct {
	Logical  string        // the name in the program: "limits"
	Source   Source        // the product that keeps it
	Existing bool          // it is another stack's, or made by hand
	MaxAge   time.Duration // how long a document is kept
	Initial  string        // the document that it begins with, JSON
}

// Kind is "config".
func (s Spec) Kind() string { return "config" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// What stands in [Spec.Needs] for the ids of the application and the environment
// that a profile of AppConfig belongs to.
const (
	Application = "{application}"
	Environment = "{environment}"
)

// Needs are ssm:GetParameter on the parameter, or what a session of AppConfig takes,
// on the one configuration.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsappconfig.html
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
func (s Spec) Needs(ops []string) []datastore.Need {
	switch {
	case !slices.Contains(ops, "Get"):
		return nil
	case s.Source == Parameter:
		return []datastore.Need{{Service: "ssm", Actions: []string{"GetParameter"}, Resource: "parameter/{name}"}}
	}
	return []datastore.Need{{
		Service:  "appconfig",
		Actions:  []string{"GetLatestConfiguration", "StartConfigurationSession"},
		Resource: "application/" + Application + "/environment/" + Environment + "/configuration/{name}",
	}}
}

func (s Spec) check() error {
	switch {
	case s.Source != AppConfig && s.Source != FeatureFlags && s.Source != Parameter:
		return errors.New("config " + s.Logical + " has no source; write config.AppConfig, config.FeatureFlags or config.Parameter")
	case len(s.Initial) > s.Source.MaxDocument():
		return fmt.Errorf("config %s begins with %d bytes, and %v has %d at most", s.Logical, len(s.Initial), s.Source, s.Source.MaxDocument())
	case s.Source == Parameter && nested(s.Initial):
		return fmt.Errorf(`config %s begins with a text in "{{" and "}}", which %v does not take; write it another way, or use config.AppConfig`, s.Logical, s.Source)
	case strings.Contains(s.Initial, "{{resolve:"):
		return fmt.Errorf(`config %s begins with a text of "{{resolve:", in place of which CloudFormation would put something else; write it another way`, s.Logical)
	}
	return nil
}

// nested reports whether a text looks as if it named another parameter, which the value
// of a parameter may not.
//
// See https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func nested(text string) bool {
	_, after, found := strings.Cut(text, "{{")
	return found && strings.Contains(after, "}}")
}
