package local

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// stage is a stage of an API, ready for requests. Stages have the same routes,
// but each has gates of its own: what they count and remember is a stage's.
type stage struct {
	name      string
	quoted    []byte // the name as JSON
	segment   bool   // the URLs of the stage start with its name
	variables []byte // as a JSON object; nil for none
	canary    *canary
	router    *router
}

// canary is what is different for a part of the requests of a stage.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html.
type canary struct {
	percent   int
	variables []byte
	random    io.Reader
	shares    bool // the response cache of the stage
}

// stages are those of an API, in order of declaration.
type stages []*stage

// openStages prepares the stages of an API: those that it declares, each below
// a segment of its name; else one of the name given, or of the usual name, which
// has a segment only if it is named where HTTP APIs have none.
func openStages(api *tier.API, functions map[string]*Function, o *Options, door Door, chosen, usual string) (stages, error) {
	_, isREST := door.(REST)
	if chosen != "" && !validStage(chosen) && (isREST || chosen != tier.RootStage) {
		return nil, badStage(chosen)
	}
	together, err := newShared(api, o)
	if err != nil {
		return nil, err
	}
	common := &gating{api: api, functions: functions, Options: o, shared: together}
	if !api.DeclaresStages() {
		if chosen == "" {
			chosen = usual
		}
		s, err := openStage(api, common, tier.Stage{Name: chosen}, isREST)
		if err != nil {
			return nil, err
		}
		s.segment = !isREST && chosen != tier.RootStage
		return stages{s}, nil
	}
	var all stages
	var names []string
	for _, declared := range api.DeployedStages() {
		names = append(names, declared.Name)
		if chosen != "" && declared.Name != chosen {
			continue
		}
		s, err := openStage(api, common, declared, isREST)
		if err != nil {
			return nil, err
		}
		s.segment = declared.Name != tier.RootStage
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("local gateway: API %s has no stage %q; write one of: %s", api.Name(), chosen, strings.Join(names, ", "))
	}
	return all, nil
}

func openStage(api *tier.API, common *gating, declared tier.Stage, mocks bool) (*stage, error) {
	s := &stage{
		name: declared.Name, quoted: appendString(nil, declared.Name), variables: variablesJSON(declared.Variables),
		router: newRouter(api.Resources(), common.functions, mocks),
	}
	if c := declared.Canary; c != nil {
		s.canary = &canary{c.Percent, variablesJSON(declared.CanaryVariables()), common.Random, c.UseStageCache}
	}
	if r := api.DefaultRoute(); r != nil && !mocks {
		s.router.otherwise(r, common.functions)
	}
	own := *common
	own.stage, own.store = declared.Name, newAnswerStore(api.DeclaredCache())
	own.lambdas = map[*tier.LambdaAuthorizer]*lambdaGate{}
	var err error
	if own.policy, err = resourcePolicy(api, declared.Name); err != nil {
		return nil, err
	}
	return s, s.router.guard(&own)
}

// variablesJSON are stage variables as an object, in order of their names; nil
// for none.
func variablesJSON(vars map[string]string) []byte {
	if len(vars) == 0 {
		return nil
	}
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(vars)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendString(b, vars[name])
	}
	return append(b, '}')
}

// mapped is the stage that a mapping leads to, nil for none.
func (all stages) mapped(m *mapping) *stage {
	for _, s := range all {
		if m.maps() && (m.stage == "" || s.name == m.stage) {
			return s
		}
	}
	return nil
}

// find is the stage that a path belongs to, by its first segment, and the rest
// of the path: a named one, or else the one that has no segment. nil is none.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html.
func (all stages) find(path string) (found *stage, rest string) {
	segment, after, more := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if more {
		after = "/" + after
	}
	for _, s := range all {
		switch {
		case !s.segment:
			found, rest = s, path
		case s.name == segment:
			return s, after
		}
	}
	return found, rest
}

// enter makes x a request of the stage, and of its canary if it is drawn. An
// error is one of the source of randomness.
func (s *stage) enter(x *exchange) error {
	x.stage, x.variables = s, s.variables
	if m := x.mapping; m != nil {
		x.note("domain", "%s%s leads to stage %s", m.domain, m.base, s.name)
	}
	if s.canary == nil {
		return nil
	}
	var b [8]byte
	if _, err := io.ReadFull(s.canary.random, b[:]); err != nil {
		return fmt.Errorf("draw canary: %w", err)
	}
	if int(binary.BigEndian.Uint64(b[:])%100) < s.canary.percent {
		x.canary, x.variables = true, s.canary.variables
	}
	x.note("stage", "%s, canary %t (%d percent)", s.name, x.canary, s.canary.percent)
	return nil
}
