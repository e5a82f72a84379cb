package tier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// joinedMark stands behind the name of a function in its Handler when others are
// deployed with it. No name has it.
const joinedMark = "*"

// Apart is a function that [App.Join] left as it was declared.
type Apart struct {
	Function *Function
	Why      string // "programs invoke it by its name"
}

// Join makes one Lambda function of those that can be one, for a deployment with fewer
// of them: it has the name of the first, all that they serve, and may do what any of
// them may. It still runs what each of them serves as that function, so that a handle of
// another is refused as before.
//
// Functions of one API, one WebSocket API, or none are joined if they ask for the same
// memory, timeout, network and versions ([Live], [Provisioned]). An event does not say which
// of two APIs it is from, so each API has a function of its own. Those that are invoked by
// their name, have a role or settings that hold for them alone, or work off what another
// does, stay apart: Join returns them, in order of declaration, each with the reason.
//
// Join changes the App, which must be without mistakes ([App.Check]) and served by nobody.
// What is too much for one function together is told by Check afterwards.
func (a *App) Join() []Apart {
	declared := slices.Clone(a.functions)
	var groups [][]*Function
	var reasons []string // why each group was begun
	var apart []Apart
	for _, f := range a.Functions() {
		f.settled() // routes of versions are there from now on
		if why := f.alone(); why != "" {
			apart = append(apart, Apart{f, why})
			continue
		}
		i, why := f.fits(groups)
		if i < 0 {
			i, groups, reasons = len(groups), append(groups, nil), append(reasons, why)
		}
		groups[i] = append(groups[i], f)
	}
	for i, members := range groups {
		switch {
		case len(members) > 1:
			a.join(members)
		case reasons[i] != "":
			apart = append(apart, Apart{members[0], reasons[i]})
		}
	}
	slices.SortStableFunc(apart, func(x, y Apart) int { return slices.Index(declared, x.Function) - slices.Index(declared, y.Function) })
	return apart
}

// fits is the first of groups that the function can be one with, or -1 and why it is
// not the first one.
func (f *Function) fits(groups [][]*Function) (int, string) {
	first := ""
	for i, members := range groups {
		why := f.unlike(members)
		if why == "" {
			return i, ""
		}
		if i == 0 {
			first = why
		}
	}
	return -1, first
}

// alone is why the function is joined with no other, "" if it may be.
func (f *Function) alone() string {
	switch {
	case f.authorizer != nil:
		return "it decides who may call the others"
	case f.report != nil:
		return "it is a hook, which CodeDeploy runs by its name"
	case f.direct != nil:
		return "programs invoke it by its name"
	case f.url != nil:
		return "it has a URL, at which all of its routes are"
	case f.reserved != nil:
		return "it has reserved concurrency"
	case f.tenancy != nil:
		return "each of its tenants has environments of its own"
	case f.instances != nil:
		return "it runs on instances"
	case f.recursive:
		return "it may invoke itself without end"
	case f.owners() != 0:
		return "it has stores of its callers or tenants, whose role trusts it alone"
	case f.AskedBy() != nil:
		return "a user pool asks it"
	case slices.ContainsFunc(f.triggers, (*Trigger).rotates):
		return "it gives a secret its values, which none of the others may do"
	}
	for _, other := range f.app.functions {
		if slices.ContainsFunc(other.grants, func(g *datastore.Grant) bool { return other.callee(g) == f }) {
			return "function " + other.name + " calls it by its name"
		}
	}
	return ""
}

// unlike is why the function cannot be one with those that are one already, "" if it
// can.
func (f *Function) unlike(members []*Function) string {
	first, grants := members[0], slices.Clone(f.grants)
	for _, m := range members {
		switch {
		case f.api != nil && m.api != nil && f.api != m.api:
			return "an event does not say whether it is from API " + m.api.name + " or API " + f.api.name
		case f.socket != nil && m.socket != nil && f.socket != m.socket:
			return "an event does not say whether it is from WebSocket API " + m.socket.name + " or WebSocket API " + f.socket.name
		}
		if other := f.clash(m); other != nil {
			return fmt.Sprintf("it works off what %s does (%s), or gives up otherwise", other, other.at)
		}
		grants = append(grants, m.grants...)
	}
	switch {
	case f.memory != first.memory:
		return fmt.Sprintf("it has %d MB, and %s has %d MB", f.memory, first.name, first.memory)
	case f.timeout != first.timeout:
		return fmt.Sprintf("its timeout is %v, and that of %s is %v", f.timeout, first.name, first.timeout)
	case f.networked() && !first.networked():
		return "it is in the private network, and " + first.name + " is not"
	case !f.networked() && first.networked():
		return "it is not in the private network, and " + first.name + " is"
	case !f.rollsOutLike(first):
		return "its versions do not take over as those of " + first.name + " do (tier.Live, tier.Provisioned)"
	case len((&Function{app: f.app, grants: grants}).checkVariables()) > 0:
		return fmt.Sprintf("the variables of its stores and of those of %s can take more than %d bytes", first.name, maxVariables)
	}
	return ""
}

// clash is a trigger of m that one of f cannot be in one function with, nil for none.
func (f *Function) clash(m *Function) *Trigger {
	for _, t := range f.triggers {
		for _, other := range m.triggers {
			differ := t.Asynchronous() && other.Asynchronous() && !t.settings.givesUpLike(other.settings)
			if differ || t.overlaps(other) || t.confusedWith(other) {
				return other
			}
		}
	}
	return nil
}

// rollsOutLike reports whether the versions of both, if they have any, take over in the
// same way and have as many environments started.
func (f *Function) rollsOutLike(other *Function) bool {
	a, b := f.rollout, other.rollout
	if a == nil || b == nil {
		return a == b
	}
	return a.Shift == b.Shift && a.Errors == b.Errors && slices.Equal(a.Alarms, b.Alarms) &&
		a.Before == b.Before && a.After == b.After && f.provisioned == other.provisioned
}

// networked reports whether a store puts the function into the private network.
func (f *Function) networked() bool {
	for _, u := range datastore.Usages(f.grants) {
		if slices.ContainsFunc(u.Needs(), func(n datastore.Need) bool { return n.Port > 0 }) {
			return true
		}
	}
	return false
}

// join puts one function in the place of members.
func (a *App) join(members []*Function) {
	first := members[0]
	j := &Function{
		app: a, name: first.name, at: first.at, memory: first.memory, timeout: first.timeout,
		rollout: first.rollout, provisioned: first.provisioned, members: members,
	}
	for _, f := range members {
		if f.api != nil {
			j.api = f.api
		}
		if f.socket != nil {
			j.socket = f.socket
		}
		j.grants = append(j.grants, f.grants...)
		for _, r := range f.routes {
			r.function, r.runs = j, f
			j.routes = append(j.routes, r)
		}
		for _, r := range f.SocketRoutes() {
			r.function, r.runs = j, f
		}
		for _, t := range f.triggers {
			t.function, t.runs = j, f
			j.triggers = append(j.triggers, t)
		}
	}
	slices.SortStableFunc(j.routes, func(a, b *Route) int { return a.order - b.order })
	a.functions = replaced(a.functions, members, j)
	if j.api != nil {
		j.api.functions = replaced(j.api.functions, members, j)
	}
	if j.socket != nil {
		j.socket.functions = replaced(j.socket.functions, members, j)
	}
}

// replaced are functions with j in place of the first of members, and without the others.
func replaced(functions, members []*Function, j *Function) []*Function {
	var all []*Function
	for _, f := range functions {
		switch {
		case !slices.Contains(members, f):
			all = append(all, f)
		case !slices.Contains(all, j):
			all = append(all, j)
		}
	}
	return all
}

// Joined are the functions that [App.Join] made this one of, as they were declared; none
// if it is declared itself.
func (f *Function) Joined() []*Function { return f.members }

// Entry is the Handler of the Lambda function, by which the program knows what it is:
// the name, with a mark behind it if other functions are deployed with it. See
// [App.Deployed].
func (f *Function) Entry() string {
	if f.members != nil {
		return f.name + joinedMark
	}
	return f.name
}

// Deployed is the function of a Handler, nil if there is none that serves something. The
// App is joined for it if that is what the Handler says.
func (a *App) Deployed(entry string) *Function {
	name, joined := strings.CutSuffix(entry, joinedMark)
	if joined {
		a.Join()
	}
	if f := a.FunctionNamed(name); f != nil && f.Entry() == entry {
		return f
	}
	return nil
}

// runsAs is the function whose handles are used by what declared serves: itself, or the
// member of a joined one.
func runsAs(declared, member *Function) *Function {
	if member != nil {
		return member
	}
	return declared
}

// joinedRoutes serves a joined function's routes of an API: each with all that the
// function has it with which it was declared for, the middleware of the API included.
type joinedRoutes struct {
	routes *handler.Mux
	rest   handler.Handler // answers what no route is for, as the API does
}

func (f *Function) joinedRoutes() (handler.Handler, error) {
	var members []*Function
	mux := handler.NewMux()
	for _, m := range f.members {
		if len(m.routes) == 0 {
			continue
		}
		members = append(members, m)
		h, err := f.api.compile([]*Function{m})
		if err != nil {
			return nil, err
		}
		for _, r := range m.routes {
			if err := mux.Route(r.text, functionContext(m, h)); err != nil {
				return nil, mistake(r.at, "%v", err)
			}
		}
	}
	rest, err := f.api.compile(members)
	return &joinedRoutes{mux, rest}, err
}

// Handle serves req.
func (j *joinedRoutes) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	resp, err := j.routes.Handle(ctx, req)
	if err != nil && req.Pattern() == "" {
		return j.rest.Handle(ctx, req)
	}
	return resp, err
}

// joinedSocket serves a joined function's routes of a WebSocket API, as joinedRoutes do
// those of an API. There is no event of a route that it does not have.
func (f *Function) joinedSocket(routes []*SocketRoute) (handler.Handler, error) {
	mux := handler.NewMux()
	for _, m := range f.members {
		own := slices.DeleteFunc(slices.Clone(routes), func(r *SocketRoute) bool { return r.runs != m })
		if len(own) == 0 {
			continue
		}
		h, err := f.socket.compile(own)
		if err != nil {
			return nil, err
		}
		for _, r := range own {
			if err := mux.Route(r.Event()+" /"+r.key, functionContext(m, h)); err != nil {
				return nil, mistake(r.at, "%v", err)
			}
		}
	}
	return mux, nil
}
