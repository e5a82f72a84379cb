package local

import (
	"errors"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// ALB is an Application Load Balancer with one rule and a Lambda function as its
// target, without health checks. It does not route: every request goes to the
// function, whose own mux answers 404 and 405.
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html.
type ALB struct {
	// Function is the name of the function. Default: the default function of
	// the API, or the only one that has routes.
	Function string
	// MultiValue is the attribute lambda.multi_value_headers.enabled of the
	// target group: events and answers have lists of values. Without it each
	// header and each query parameter has its last value only, and an answer at
	// most one Set-Cookie.
	MultiValue bool
}

var _ Door = ALB{}

// String is "load balancer", if so "load balancer with multi-value headers".
func (c ALB) String() string {
	if c.MultiValue {
		return "load balancer with multi-value headers"
	}
	return "load balancer"
}

func (c ALB) open(api *tier.API, functions map[string]*Function, o *Options) (opened, error) {
	if err := noTimeout(c, o.Timeout); err != nil {
		return opened{}, err
	}
	if err := api.NeedsGateway(); err != nil {
		return opened{}, err
	}
	f, err := oneFunction(c, api, functions, c.Function)
	if err != nil {
		return opened{}, err
	}
	if err := unguarded(c, declaredAs(api, functions, f)); err != nil {
		return opened{}, err
	}
	group := "arn:aws:elasticloadbalancing:local:" + accountID + ":targetgroup/" + f.Name + "/" + nameID(16, "target "+f.Name)
	d := &albDoor{function: f, multi: c.MultiValue}
	d.head = append(appendString([]byte(`{"requestContext":{"elb":{"targetGroupArn":`), group), `}},"httpMethod":`...)
	return opened{d, noWait, func(ids *identifiers) string { return ids.invocation }}, nil
}

type albDoor struct {
	function *Function
	multi    bool
	head     []byte // of every event
}

// The limits of a load balancer before a function.
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
var (
	albLine   = limit{"request line", 16 << 10, page(http.StatusRequestURITooLong), albLimits}
	albHeader = limit{"header", 16 << 10, albBadRequest, albLimits}
	albHead   = limit{"request line and headers", 64 << 10, albBadRequest, albLimits}
	albBody   = limit{"request body", 1 << 20, page(http.StatusRequestEntityTooLarge), albLambda}
	albEvent  = limit{"event", maxEvent, page(http.StatusRequestEntityTooLarge), lambdaLimits}
	albOutput = limit{"answer", 1 << 20, albFailed, albLambda}
)

const (
	albLimits = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
	albLambda = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html"
)

// What a load balancer answers itself, as pages.
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html.
var (
	albFailed     = page(http.StatusBadGateway)
	albBadRequest = page(http.StatusBadRequest)
	albNoTrace    = page(http.StatusMethodNotAllowed)
)

func (d *albDoor) read(x *exchange) *refusal {
	switch {
	case x.Method == http.MethodTrace:
		x.err = errors.New("a load balancer does not take TRACE")
		return &albNoTrace
	case strings.EqualFold(x.Header.Get("Upgrade"), "websocket"):
		x.err = errors.New("a load balancer upgrades no WebSocket before a function")
		return &albBadRequest
	case len(x.Method)+len(x.Proto)+2+x.urlSize() > albLine.max:
		return albLine.refuse(x)
	case x.largestHeader() > albHeader.max:
		return albHeader.refuse(x)
	case x.headSize() > albHead.max:
		return albHead.refuse(x)
	}
	return x.readBody(&albBody, &albBadRequest)
}

func (d *albDoor) route(x *exchange) *answer {
	x.function = d.function
	x.unrouted(ALB{})
	return nil
}

// failed is one page, whatever went wrong: a function error, a malformed or too
// large answer, throttling, a function timeout.
func (d *albDoor) failed(error) *refusal { return &albFailed }

func (d *albDoor) sign(h http.Header, _ *exchange, a *answer) {
	if !a.invoked {
		h["Server"] = []string{"awselb/2.0"}
	}
}
