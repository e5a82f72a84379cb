package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Policy says how a service is called. The zero value of each field is usable.
type Policy struct {
	// Timeout of a call with all its attempts. Default: 10 seconds.
	Timeout time.Duration
	// AttemptTimeout of one attempt, until its response has been read. Default: 3
	// seconds.
	AttemptTimeout time.Duration
	// Attempts are made at most; 1 never repeats. Default: 3.
	Attempts int
	// MaxInFlight calls are under way at most at the same time; others wait for
	// their turn. Default: 64.
	MaxInFlight int
	// MaxBytes of a request's body, and of a response's. Default: 10 MB, what API
	// Gateway takes.
	MaxBytes int64
	// Breaker leaves a service alone that fails too often. Its zero value is
	// usable.
	Breaker Breaker
	// Prepare, if set, adds to the headers of each attempt. Those of a trace that the
	// context has (datastore.WithTracing) are there already. It must be safe for
	// concurrent use.
	Prepare func(ctx context.Context, header http.Header)
	// Network is where the service is and who may call it. Its zero value is a
	// service on port 443 that asks for no signature.
	Network Network
}

// Network is what a function must be let through to.
type Network struct {
	// Port where the service listens. Default: 443.
	Port int
	// Signed has requests signed with the function's role, for APIs of API Gateway
	// whose routes ask for it.
	Signed bool
}

// filled is the policy with its defaults, and what is wrong with it.
func (p *Policy) filled(name string) (Policy, []error) {
	var own Policy
	if p != nil {
		own = *p
	}
	var errs []error
	for field, value := range map[string]int64{
		"Timeout": int64(own.Timeout), "AttemptTimeout": int64(own.AttemptTimeout), "Attempts": int64(own.Attempts),
		"MaxInFlight": int64(own.MaxInFlight), "MaxBytes": own.MaxBytes, "Network.Port": int64(own.Network.Port),
		"Breaker.Window": int64(own.Breaker.Window), "Breaker.Pause": int64(own.Breaker.Pause), "Breaker.Calls": int64(own.Breaker.Calls),
	} {
		if value < 0 {
			errs = append(errs, fmt.Errorf("service %s: %s is negative; write 0 for the default", name, field))
		}
	}
	if own.Network.Port > 65535 {
		errs = append(errs, fmt.Errorf("service %s: Network.Port %d is no port", name, own.Network.Port))
	}
	if !(own.Breaker.Ratio >= 0 && own.Breaker.Ratio <= 1) {
		errs = append(errs, errors.New("service "+name+": Breaker.Ratio is not between 0 and 1"))
	}
	orDefault(&own.Timeout, 10*time.Second)
	orDefault(&own.AttemptTimeout, 3*time.Second)
	orDefault(&own.Attempts, 3)
	orDefault(&own.MaxInFlight, 64)
	orDefault(&own.MaxBytes, 10<<20)
	orDefault(&own.Network.Port, 443)
	orDefault(&own.Breaker.Window, 10*time.Second)
	orDefault(&own.Breaker.Pause, 5*time.Second)
	orDefault(&own.Breaker.Calls, 10)
	orDefault(&own.Breaker.Ratio, 0.5)
	return own, errs
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
