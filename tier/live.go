package tier

import (
	"slices"
)

// LiveAlias is the name of the alias that [Live] gives a function.
const LiveAlias = "live"

// Rollout says how a new version of a function takes over from the one before. See
// [Live].
type Rollout struct {
	// Shift has AWS CodeDeploy move the invocations to the new version, all at once or
	// by and by, and watch alarms meanwhile: one that goes off moves all of them back,
	// and the deployment of the stack fails. Default none: CloudFormation moves all of
	// them at once, and nothing is watched.
	Shift Shift
	// Errors are how many function errors, and how many lines of level ERROR in its log,
	// are borne in a minute. More set off the alarms of the rollout. Default 0.
	Errors int
	// Alarms are the names of metric alarms of CloudWatch that there are already and that
	// are watched, too: at most 8. CodeDeploy's role here cannot read composite alarms,
	// which AWS shows only to who may read all that there is.
	Alarms []string
	// Before is a function that CodeDeploy has check the new version before any
	// invocation goes there, and After one that it asks when all of them do: hook.On of
	// package tier/hook declares what they do. An error of either moves all invocations
	// back. Default none. One function can be both, of one rollout.
	Before, After *Function
}

// Shift is how CodeDeploy moves invocations to a new version: those that AWS has
// declared. A canary moves the percentage first, and the rest after the time; a linear
// shift moves the percentage each time.
//
// See https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
type Shift string

// The shifts that there are.
const (
	AllAtOnce                    Shift = "AllAtOnce"
	Canary10Percent5Minutes      Shift = "Canary10Percent5Minutes"
	Canary10Percent10Minutes     Shift = "Canary10Percent10Minutes"
	Canary10Percent15Minutes     Shift = "Canary10Percent15Minutes"
	Canary10Percent30Minutes     Shift = "Canary10Percent30Minutes"
	Linear10PercentEvery1Minute  Shift = "Linear10PercentEvery1Minute"
	Linear10PercentEvery2Minutes Shift = "Linear10PercentEvery2Minutes"
	Linear10PercentEvery3Minutes Shift = "Linear10PercentEvery3Minutes"
	// Linear10PercentEvery10Minutes takes 90 minutes.
	Linear10PercentEvery10Minutes Shift = "Linear10PercentEvery10Minutes"
)

var shifts = []Shift{
	AllAtOnce,
	Canary10Percent5Minutes, Canary10Percent10Minutes, Canary10Percent15Minutes, Canary10Percent30Minutes,
	Linear10PercentEvery1Minute, Linear10PercentEvery2Minutes, Linear10PercentEvery3Minutes, Linear10PercentEvery10Minutes,
}

// maxAlarms is how many alarms a rollout can name: CodeDeploy watches 10, of which two
// are the rollout's own.
//
// See https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
const maxAlarms = 10 - 2

// Live has a deployment that changes the function publish a version of it, and the
// alias [LiveAlias] lead to that version: APIs, event sources, schedules, a URL and
// other functions of the App invoke the alias.
//
//	api := app.API("orders", tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes}))
//
// Versions stay when others follow them. A function changes when its configuration
// does, or the code that it reaches: the packages in which it is declared and what they
// import, and the main package and what that imports but for packages in which other
// functions alone are declared. In a program of one package that is all of it.
//
// A rollout watches the function errors of the alias, which are crashes and timeouts,
// and the log: an answer of 5xx and a record that fails are logged with level ERROR.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
// and https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
func Live(r Rollout) FunctionOption {
	r.Alarms = slices.Clone(r.Alarms)
	return functionOption(func(f *Function) {
		if f.rollout != nil {
			f.app.fail(f.at, "function %s: tier.Live twice; write it once", f.name)
			return
		}
		f.rollout = &r
	})
}

// Rollout of the function, nil if nothing publishes versions of it. It is not to be
// changed.
func (f *Function) Rollout() *Rollout { return f.rollout }

// checkRollout finds what CodeDeploy would not take.
func (f *Function) checkRollout() (errs []error) {
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, f.mistakeOf(format, args...))
		}
	}
	r := f.rollout
	if r == nil {
		return nil
	}
	refuse(r.Shift != "" && !slices.Contains(shifts, r.Shift), "its shift is %q; CodeDeploy has these: %s", string(r.Shift), shiftNames())
	refuse(r.Shift == "" && len(r.Alarms) > 0, "nobody watches the alarms of a rollout without a Shift; write Shift: tier.AllAtOnce, or a canary")
	refuse(r.Shift == "" && r.Errors != 0, "nobody counts the Errors of a rollout without a Shift; write Shift: tier.AllAtOnce, or a canary")
	refuse(len(r.Alarms) > maxAlarms, "its rollout names %d alarms; CodeDeploy watches %d, and two of its own", len(r.Alarms), maxAlarms)
	refuse(r.Errors < 0, "%d Errors; write 0 or more", r.Errors)
	for i, name := range r.Alarms {
		refuse(name == "" || len(name) > 255, "an alarm of its rollout has the name %.40q; write up to 255 letters", name)
		refuse(slices.Contains(r.Alarms[:i], name), "its rollout has the alarm %s twice; write it once", name)
	}
	return errs
}

func shiftNames() (names string) {
	for i, s := range shifts {
		if i > 0 {
			names += ", "
		}
		names += "tier." + string(s)
	}
	return names
}
