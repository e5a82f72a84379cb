package tier

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Report makes what tells AWS CodeDeploy the outcome of a hook. lookup reads the
// environment of the function.
type Report func(lookup func(variable string) (string, bool)) handler.Middleware

// AnswerRollout makes the function a hook: what [Rollout].Before and After name. h runs
// as direct invocations do; in Lambda report stands around it. Package tier/hook calls
// it, with the line at that declares the hook. Panics with a [*datastore.DeclarationError]
// if f is nil.
func (f *Function) AnswerRollout(at datastore.Position, h handler.Handler, report Report) {
	if f == nil {
		refuse(at, `hook.On: the function is nil; write hook.On(app.Function("check"), fn)`)
	}
	if h == nil {
		f.app.fail(at, "function %s: hook.On: the function that checks is nil", f.name)
		return
	}
	f.invoke(at, h, nil)
	f.report = report
}

// Report is what tells AWS CodeDeploy the outcome of a hook, nil for a function that is
// none.
func (f *Function) Report() Report { return f.report }

// Checked is the function whose rollouts a hook checks, nil for none.
func (f *Function) Checked() *Function {
	for _, other := range f.app.functions {
		if r := other.rollout; r != nil && (r.Before == f || r.After == f) {
			return other
		}
	}
	return nil
}

// checkHook finds what keeps the hook of a rollout from being one.
func (f *Function) checkHook(field string, hook *Function) error {
	switch {
	case hook == nil:
		return nil
	case f.rollout.Shift == "":
		return f.mistakeOf("nobody runs the hook %s of a rollout without a Shift; write Shift: tier.AllAtOnce, or a canary", field)
	case hook.app != f.app:
		return f.mistakeOf("its hook %s, %s, is a function of another App; declare it with this one's app.Function", field, hook.name)
	case hook.report == nil:
		return f.mistakeOf("its hook %s, %s, does not answer CodeDeploy; write hook.On(%s, fn) with a function of tier/hook", field, hook.name, hook.name)
	case hook.Checked() != f:
		return f.mistakeOf("its hook %s, %s, is that of function %s; a hook checks one function, so declare another one", field, hook.name, hook.Checked().name)
	}
	return nil
}

// checkHooks finds what is wrong with a function that is a hook.
func (f *Function) checkHooks() (errs []error) {
	if r := f.rollout; r != nil {
		for _, err := range []error{f.checkHook("Before", r.Before), f.checkHook("After", r.After)} {
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	if f.report == nil {
		return errs
	}
	refuse := func(wrong bool, what string) {
		if wrong {
			errs = append(errs, mistake(f.directAt, "function %s is a hook: %s", f.name, what))
		}
	}
	refuse(f.Checked() == nil, fmt.Sprintf("it checks no rollout; name it in one: tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Before: %s})", f.name))
	refuse(len(f.settled())+len(f.SocketRoutes())+len(f.triggers) > 0 || f.url != nil, "it answers CodeDeploy and nothing else; give its routes, sources and URL to another function")
	refuse(f.rollout != nil, "it has no rollout of its own, in which it would have to check itself; leave tier.Live out")
	return errs
}
