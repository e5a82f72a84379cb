package iam

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// The timeouts of one attempt. A service that has not begun to answer after
// headerTimeout is asked again.
const (
	connectTimeout = time.Second
	headerTimeout  = 5 * time.Second
	thawAfter      = 20 * time.Second
)

// HTTPClient is a client for AWS endpoints from inside a function. It trusts
// Amazon's root certificates first and the system's only if they do not do. It
// does not use a connection again that was idle for more than 20 seconds, by
// the wall clock: a sandbox is frozen between invocations, and what its
// connections went through meanwhile shows only when they are used. It honours
// HTTPS_PROXY.
func HTTPClient() *http.Client { return newHTTPClient(headerTimeout) }

// PatientHTTPClient is an HTTPClient for a service that begins to answer when it
// likes, such as one that runs a function: how long to wait is the context's to
// say.
func PatientHTTPClient() *http.Client { return newHTTPClient(0) }

func newHTTPClient(headerTimeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	return &http.Client{Transport: &thawing{now: time.Now, Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		DialTLSContext:        newTLSDialer(dialer, amazonPool()).dial,
		TLSHandshakeTimeout:   connectTimeout, // through a proxy; else the dialer's holds
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          32,
		MaxIdleConnsPerHost:   16,
	}}}
}

// thawing drops idle connections after a gap. What a server has closed in a shorter one
// is seen at the socket before a request is sent (package retry). What is left is a way
// that forgets a connection within the gap without a word to either side: NAT gateways
// and load balancers do that after 350 seconds at the earliest.
//
// See https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
type thawing struct {
	*http.Transport
	now func() time.Time

	mu   sync.Mutex
	last time.Time // by the wall clock
}

func (t *thawing) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.gap() {
		t.Transport.CloseIdleConnections()
	}
	req, err := sendable(req)
	if err != nil {
		return nil, err
	}
	return t.Transport.RoundTrip(req)
}

// gap reports whether the request before was long ago. The monotonic clock may
// stand still while a sandbox is frozen, so it is not asked.
func (t *thawing) gap() bool {
	now := t.now().Round(0)
	t.mu.Lock()
	defer t.mu.Unlock()
	gap := now.Sub(t.last)
	t.last = now
	return gap > thawAfter || gap < 0
}
