package local

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// Door is a front door that a [Gateway] imitates: a [REST], an [HTTP], a [URL]
// or an [ALB].
type Door interface {
	// String is what AWS calls it: "REST API".
	String() string
	// open prepares the door of an API whose functions are given by the names
	// they were declared with.
	open(api *tier.API, functions map[string]*Function, o *Options) (opened, error)
}

// opened is a door that is ready for requests.
type opened struct {
	steps
	wait time.Duration             // for a function
	id   func(*identifiers) string // the id of a request, as clients and the log see it
}

// steps are what front doors differ in, in the order of a request's way. What
// they share is the gateway's: ids, the invocation, the log, the server. A step
// that refuses the request notes the reason in x.err.
type steps interface {
	// read checks the request against the door's limits and reads its body.
	read(x *exchange) *refusal
	// route finds the function, or answers the request itself.
	route(x *exchange) *answer
	// event is the payload of the invocation.
	event(x *exchange) ([]byte, *refusal)
	// answer makes an answer of what the function returned. The error says what
	// makes it malformed.
	answer(x *exchange, output []byte) (*answer, error)
	// failed is the answer to a request whose function did not give one.
	failed(err error) *refusal
	// sign adds the headers that the door puts on every answer.
	sign(h http.Header, x *exchange, a *answer)
}

// noWait is for doors that wait for a function as long as it may run.
const noWait = time.Duration(1<<63 - 1)

// waitOf checks a timeout of the options against what the door allows; most 0
// means that AWS raises it on request.
func waitOf(door Door, timeout, usual, most time.Duration) (time.Duration, error) {
	switch {
	case timeout == 0:
		return usual, nil
	case timeout < minTimeout:
		return 0, fmt.Errorf("local gateway: %s: timeout %v: write %v or more", door, timeout, minTimeout)
	case most > 0 && timeout > most:
		return 0, fmt.Errorf("local gateway: %s: timeout %v: write %v or less", door, timeout, most)
	}
	return timeout, nil
}

// noTimeout refuses a timeout for a door that has none of its own.
func noTimeout(door Door, timeout time.Duration) error {
	if timeout == 0 {
		return nil
	}
	return fmt.Errorf("local gateway: a %s has no timeout of its own, not %v; set the function's timeout", door, timeout)
}

// oneFunction is the function of a door that does not route: the one of that
// name, or without a name the API's default function, or its only one.
func oneFunction(door Door, api *tier.API, functions map[string]*Function, name string) (*Function, error) {
	var names []string
	for _, f := range api.Functions() {
		names = append(names, f.Name())
	}
	switch {
	case name != "":
		if f := functions[name]; f != nil && slices.Contains(names, name) {
			return f, nil
		}
		return nil, fmt.Errorf("local gateway: %s: API %s has no function %q with routes; write one of: %s",
			door, api.Name(), name, strings.Join(names, ", "))
	case functions[api.FunctionName()] != nil:
		return functions[api.FunctionName()], nil
	case len(names) == 1:
		return functions[names[0]], nil
	}
	return nil, fmt.Errorf("local gateway: a %s serves one function, and the routes of API %s belong to several; name one of: %s",
		door, api.Name(), strings.Join(names, ", "))
}

// declaredAs is the declaration of a function.
func declaredAs(api *tier.API, functions map[string]*Function, f *Function) *tier.Function {
	for _, declared := range api.Functions() {
		if functions[declared.Name()] == f {
			return declared
		}
	}
	return nil
}

// validStage reports whether API Gateway takes the text as a stage name.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html.
func validStage(name string) bool {
	return name != "" && len(name) <= 128 && only(name, "-_")
}

func badStage(name string) error {
	return fmt.Errorf("local gateway: stage %q: write up to 128 letters, digits, '-' and '_'", name)
}
