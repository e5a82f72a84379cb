package tier

// Provisioned keeps at least so many environments of the function started, so that
// invocations find one that is ready, and up to most while more than 70 % of them are
// busy. They cost by the hour, also when nothing comes. The function needs [Live]: it is
// its versions that have environments. Default none.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
func Provisioned(least, most int) FunctionOption {
	return functionOption(func(f *Function) {
		if least < 1 || most < least {
			f.app.fail(f.at, "function %s: tier.Provisioned(%d, %d); write 1 or more, and from that on up", f.name, least, most)
		}
		f.provisioned = [2]int{least, most}
	})
}

// ProvisionedConcurrency is how many environments are kept started, at least and at
// most; 0 and 0 is none.
func (f *Function) ProvisionedConcurrency() (least, most int) {
	return f.provisioned[0], f.provisioned[1]
}

// Reserved sets n of the account's concurrent invocations apart for the function, which
// can never have more; 0 stops it. The account must keep 100 for the others. Default:
// the function shares what there is.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
func Reserved(n int) FunctionOption {
	return functionOption(func(f *Function) {
		if n < 0 {
			f.app.fail(f.at, "function %s: tier.Reserved(%d); write 0 or more, or leave it out", f.name, n)
		}
		f.reserved = &n
	})
}

// ReservedConcurrency is what is set apart for the function, and whether something is.
func (f *Function) ReservedConcurrency() (n int, declared bool) {
	if f.reserved == nil {
		return 0, false
	}
	return *f.reserved, true
}

// Recursive lets the function invoke itself by way of a queue, a topic or a bucket, as
// often as it likes. Without it Lambda stops a chain of about 16.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
func Recursive() FunctionOption { return functionOption(func(f *Function) { f.recursive = true }) }

// IsRecursive reports whether the function may invoke itself without end.
func (f *Function) IsRecursive() bool { return f.recursive }

// checkConcurrency finds what Lambda would not take.
func (f *Function) checkConcurrency() (errs []error) {
	if f.provisioned[1] > 0 && f.rollout == nil {
		errs = append(errs, f.mistakeOf("provisioned concurrency is kept for a version of a function; add tier.Live(tier.Rollout{})"))
	}
	if f.reserved == nil {
		return errs
	}
	if f.provisioned[1] > *f.reserved {
		errs = append(errs, f.mistakeOf("%d provisioned environments are more than the %d concurrent invocations that are set apart for it; write tier.Reserved(%d) or more, or leave it out",
			f.provisioned[1], *f.reserved, f.provisioned[1]))
	}
	for _, t := range f.triggers {
		if most := t.settings.MaxConcurrent; t.feed.Service == "sqs" && *f.reserved > 0 && most > *f.reserved {
			errs = append(errs, mistake(t.at, "%s: tier.MaxConcurrent(%d) is more than the %d that are set apart for the function, so that messages would be given back untouched and end among the dead letters; write tier.Reserved(%d) or more, or let fewer run at once",
				t, most, *f.reserved, most))
		}
	}
	return errs
}
