// Package hook declares what AWS CodeDeploy has checked in a rollout: a function of the
// App that runs before invocations go to a new version of another one, or after.
//
//	check := app.Function("check", tier.Timeout(time.Minute))
//	orders := datastore.Use[call.Caller[struct{}, state]](check, call.New[struct{}, state](data, "orders"))
//	hook.On(check, func(ctx context.Context, r hook.Release) error {
//		_, err := orders.Call(ctx, struct{}{})
//		return err
//	})
//	api := app.API("orders", tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes, Before: check}))
//	api.Invoke(handler.New(stateOfOrders)) // which the hook calls
//
// A call of a hook to the function that it checks goes to the new version, and so does
// no other invocation until Before is done. CodeDeploy is told the outcome. An error, a
// panic, and a hook that is not done five seconds before its function's timeout (or at
// half of a timeout under ten seconds) fail the deployment: the invocations that moved
// go back, and the stack rolls back. CodeDeploy is told no reason; it is in the log of
// the hook.
//
// The first deployment of a function has no hooks: there is no version to move away
// from. A hook may run twice for one deployment, as what Lambda runs for others may; the
// first outcome counts.
//
// An invocation without the ids of a deployment, such as {}, runs the hook and reports
// nothing: on localhost, where nothing is reported at all, and by hand in AWS.
//
// Only programs that name this package carry what tells CodeDeploy.
//
// See https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-lambda
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Release is the deployment that a hook is part of.
type Release struct {
	// Deployment is its id: "d-ABCDEF123"; "" if nobody deploys.
	Deployment string `json:"DeploymentId"`
	// Execution is the id of this run of the hook; "" if nobody deploys.
	Execution string `json:"LifecycleEventHookExecutionId"`
}

// deployed reports whether CodeDeploy waits for an outcome.
func (r Release) deployed() bool { return r.Deployment != "" || r.Execution != "" }

// On makes f a hook, which runs fn: [tier.Rollout] names f as its Before, its After or
// both. f answers nothing else, and checks one function. Panics with a
// [*datastore.DeclarationError] if f is nil.
func On(f *tier.Function, fn func(context.Context, Release) error) {
	at := datastore.Caller()
	if fn == nil {
		f.AnswerRollout(at, nil, reported)
		return
	}
	f.AnswerRollout(at, handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		release, err := releaseOf(req)
		if err == nil {
			err = fn(ctx, release)
		}
		if err != nil {
			return nil, err
		}
		return &handler.Response{}, nil
	}), reported)
}

// releaseOf reads the event of CodeDeploy, or of somebody else without its ids.
func releaseOf(req *handler.Request) (r Release, err error) {
	body, err := req.Body()
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return r, err
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return Release{}, &handler.Error{
			Status: http.StatusBadRequest, Code: "invalid_event", Err: err,
			Message: "the event is none of CodeDeploy: write {}, or its DeploymentId and LifecycleEventHookExecutionId",
		}
	}
	return r, nil
}
