package tier

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// DefaultStage is the one stage of a REST API that declares none. That of an
// HTTP API is [RootStage].
const DefaultStage = "live"

// RootStage is the stage of an HTTP API that has no segment in URLs.
const RootStage = "$default"

// Stage is one deployment of an API under a URL of its own:
// https://API.execute-api.REGION.amazonaws.com/NAME. All stages of an API have
// the same routes and functions. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-stages.html.
type Stage struct {
	// Name is the first segment of the stage's URLs: letters, digits, '-' and
	// '_', at most 128. [RootStage] is the stage of an HTTP API whose URLs have
	// none.
	Name string
	// Variables that a handler reads with [handler.Request.StageVariable], at
	// most 100. A name has up to 64 letters, digits and '_', a value 1 to 512
	// characters of A-Za-z0-9-._~:/?#&=, and no others. They are configuration
	// that everyone with access to the account can read, not a place for
	// secrets.
	Variables map[string]string
	// Canary, if it is not nil, sends a part of the stage's requests another
	// way. REST only.
	Canary *Canary
	// Version that the stage serves, for an API whose versions are told by
	// [VersionByStage].
	Version string
}

// Canary is what is different for a part of a stage's requests: its variables. They
// reach the same routes and functions; new code is tried by a [Rollout]. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html.
type Canary struct {
	// Percent of the requests, chosen at random: 0 to 100.
	Percent int
	// Variables replace those of the stage, or add to them.
	Variables map[string]string
	// UseStageCache shares the stage's response cache with the canary, so that
	// each gets what the other answered. Default is a cache of its own.
	UseStageCache bool
}

// Stages declares the stages of the API. Without it, it has one: [DefaultStage],
// or [RootStage] of an HTTP API. The local gateway serves an API with declared
// stages as AWS does, below the name of each stage, and one without at the root.
func (api *API) Stages(stages ...Stage) {
	at := datastore.Caller()
	switch {
	case len(api.stages) > 0:
		api.app.fail(at, "API %s: its stages are declared already at %s; name all of them there", api.name, api.stagesAt)
		return
	case len(stages) == 0:
		api.app.fail(at, "API %s: Stages names none; leave it out, or give it a tier.Stage", api.name)
		return
	}
	api.stagesAt = at
	api.withGateway(at, "stages")
	for _, s := range stages {
		api.addStage(at, s)
	}
}

func (api *API) addStage(at datastore.Position, s Stage) {
	fail := func(format string, args ...any) {
		api.app.fail(at, "API %s: stage %q: %s", api.name, s.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case s.Name == RootStage && api.kind == HTTP:
	case !validStageName(s.Name):
		fail("write up to 128 letters, digits, '-' and '_'%s", map[Kind]string{HTTP: `, or "$default"`}[api.kind])
		return
	}
	for _, other := range api.stages {
		if foldStage(other.Name) == foldStage(s.Name) {
			fail("stage %q has this name, or one that differs only in case and signs; give one of them another", other.Name)
			return
		}
	}
	checkVariables(s.Variables, fail)
	s.Variables = maps.Clone(s.Variables)
	if c := s.Canary; c != nil {
		api.restOnly(at, "a canary")
		if c.Percent < 0 || c.Percent > 100 {
			fail("canary of %d percent; write 0 to 100", c.Percent)
		}
		checkVariables(c.Variables, fail)
		s.Canary = &Canary{c.Percent, maps.Clone(c.Variables), c.UseStageCache}
		checkVariables(s.CanaryVariables(), fail)
	}
	api.stages = append(api.stages, s)
}

// CanaryVariables are the stage variables that the canary of the stage sees:
// the stage's, with the canary's in place of those of the same name. nil for a
// stage without a canary.
func (s Stage) CanaryVariables() map[string]string {
	if s.Canary == nil {
		return nil
	}
	all := maps.Clone(s.Variables)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, s.Canary.Variables)
	return all
}

// checkCanaries finds canaries that share what is not there.
func (api *API) checkCanaries(fail func(at datastore.Position, format string, args ...any)) {
	for _, s := range api.stages {
		if s.Canary != nil && s.Canary.UseStageCache && api.cache == nil {
			fail(api.stagesAt, "API %s: stage %q: its canary has UseStageCache, and the API has no cache; leave it out, or declare one with api.Cache", api.name, s.Name)
		}
	}
}

// validStageName reports whether API Gateway takes the text as a stage name.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html.
func validStageName(name string) bool {
	for i := range len(name) {
		if !isLetterOrDigit(name[i]) && name[i] != '-' && name[i] != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 128
}

// foldStage is what is left of a stage's name in the logical ids of a template.
func foldStage(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '$' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func isLetterOrDigit(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// Limits of stage variables. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const (
	maxStageVariables = 100
	maxVariableName   = 64
	maxVariableValue  = 512
)

// checkVariables says what is wrong with stage variables, in order of the names.
func checkVariables(vars map[string]string, fail func(format string, args ...any)) {
	if len(vars) > maxStageVariables {
		fail("%d variables; a stage has at most %d", len(vars), maxStageVariables)
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		value := vars[name]
		if name == "" || len(name) > maxVariableName || strings.ContainsFunc(name, func(r rune) bool {
			return r >= 0x80 || !isLetterOrDigit(byte(r)) && r != '_'
		}) {
			fail("variable %q: write a name of up to %d letters, digits and '_'", name, maxVariableName)
		}
		if value == "" || len(value) > maxVariableValue || strings.ContainsFunc(value, func(r rune) bool {
			return r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("-._~:/?#&=,", r)
		}) {
			fail("variable %s: its value must be 1 to %d letters, digits and -._~:/?#&=,", name, maxVariableValue)
		}
	}
}

// DeclaresStages reports whether [API.Stages] was called: whether the local
// gateway serves the API below the names of its stages.
func (api *API) DeclaresStages() bool { return len(api.stages) > 0 }

// DeployedStages are the stages that the API has: those that it declares, in
// their order, or else the default one of its kind.
func (api *API) DeployedStages() []Stage {
	switch {
	case len(api.stages) > 0:
		return slices.Clone(api.stages)
	case api.kind == HTTP:
		return []Stage{{Name: RootStage}}
	}
	return []Stage{{Name: DefaultStage}}
}
