package faults

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy is a TCP proxy on 127.0.0.1. It passes bytes on as they are, TLS
// included, until one of its methods is called. They are of three sorts, which
// can be combined:
//
//   - what becomes of new connections: [Proxy.Refuse], [Proxy.BlackHoleAll]
//   - what happens, once, to the live ones: [Proxy.FIN], [Proxy.Reset],
//     [Proxy.BlackHole]
//   - what happens to answers: [Proxy.Delay], [Proxy.LoseAnswer],
//     [Proxy.LoseAnswerTo], [Proxy.CutAfter], [Proxy.CutNext]
//
// A connection is live once the proxy has accepted it, which is certain when the
// client has read anything from it. An answer is what the server sends until the
// client sends something again; what a client sends before it is a request. A
// TLS handshake and a log-in are requests too, so let the client connect before
// the methods that speak of the next request.
//
// All methods are safe for concurrent use.
type Proxy struct {
	t        testing.TB
	upstream string // host:port
	url      string // as given
	addr     string
	running  sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	swallow  bool         // new connections
	closed   bool
	live     map[*link]struct{}
	answers  answers
	count    counters
}

// answers is what happens to them.
type answers struct {
	delay   time.Duration
	losing  bool
	loseTo  string // only if the request has this
	cutting bool
	cutOnce bool
	cut     int // bytes
}

type counters struct{ connections, requests, lost, passed int }

// NewProxy is a proxy before the server at upstream, which is a "host:port" or a
// URL with both. It ends with the test, and with it all its connections and
// goroutines.
func NewProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p := &Proxy{t: t, upstream: upstream, url: upstream, live: map[*link]struct{}{}}
	if strings.Contains(upstream, "://") {
		u, err := url.Parse(upstream)
		if err != nil {
			t.Fatalf("faults: upstream: %v", err)
		}
		p.upstream = u.Host
	}
	if _, _, err := net.SplitHostPort(p.upstream); err != nil {
		t.Fatalf("faults: upstream %q: %v", upstream, err)
	}
	addr, release, err := reserve()
	if err != nil {
		t.Fatalf("faults: reserve a port: %v", err)
	}
	t.Cleanup(release)
	p.addr = addr
	if err := p.listen(); err != nil {
		t.Fatalf("faults: %v", err)
	}
	p.addr = p.listener.Addr().String()
	t.Cleanup(p.close)
	return p
}

// Addr is where the proxy listens: "127.0.0.1:49152". It stays the same.
func (p *Proxy) Addr() string { return p.addr }

// URL is the upstream as it was given, with the proxy's address for the server's.
func (p *Proxy) URL() string { return strings.Replace(p.url, p.upstream, p.addr, 1) }

// Pass ends all faults: new connections and all answers pass again. Connections
// that were swallowed by a black hole stay lost.
func (p *Proxy) Pass() {
	p.mu.Lock()
	p.swallow = false
	p.answers = answers{}
	p.mu.Unlock()
	if err := p.listen(); err != nil {
		p.t.Errorf("faults: %v", err)
	}
}

// listen accepts connections, if it does not already.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := net.Listen("tcp4", p.addr)
	if err != nil {
		return err
	}
	p.listener = l
	p.running.Go(func() { p.accept(l) })
	return nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p.take(conn.(*net.TCPConn))
	}
}

// take makes a connection a live one.
func (p *Proxy) take(conn *net.TCPConn) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{proxy: p, client: conn, cancel: cancel, ended: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.connections++
	l.dead = p.swallow
	p.live[l] = struct{}{}
	p.running.Go(func() { l.run(ctx) })
	if p.closed {
		p.running.Go(func() { l.end(false) })
	}
}

// Refuse has new connections refused. Live ones go on: [Proxy.FIN] and Refuse
// together are a server that was stopped.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// FIN closes all live connections, as a server does with those that were idle
// for long. When it returns, the clients' kernels know.
func (p *Proxy) FIN() { p.endAll(false) }

// Reset resets all live connections (RST), as a load balancer or a NAT gateway
// does. When it returns, the clients' kernels know.
func (p *Proxy) Reset() { p.endAll(true) }

func (p *Proxy) endAll(reset bool) {
	var ended sync.WaitGroup
	for _, l := range p.links() {
		ended.Go(func() { l.end(reset) })
	}
	ended.Wait()
}

// links are the live connections that no black hole has.
func (p *Proxy) links() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*link
	for l := range p.live {
		if !l.dead {
			all = append(all, l)
		}
	}
	return all
}

// BlackHole has the live connections swallow all bytes both ways, as if the way
// between had forgotten them: nothing is answered, and neither side learns that
// the other closed. New connections work.
func (p *Proxy) BlackHole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.live {
		l.dead = true
	}
}

// BlackHoleAll is [Proxy.BlackHole] for live and new connections, until
// [Proxy.Pass]. New ones are still accepted, by the kernel, and then answered by
// nothing, so that even a TLS handshake hangs.
func (p *Proxy) BlackHoleAll() {
	p.mu.Lock()
	p.swallow = true
	p.mu.Unlock()
	p.BlackHole()
}

// Delay has each answer begin d later, until [Proxy.Pass]; zero means at once.
func (p *Proxy) Delay(d time.Duration) { p.change(func(a *answers) { a.delay = d }) }

// LoseAnswer loses one answer: the next request reaches the server, and when the
// server has begun to answer, the connection is closed without a byte of it.
func (p *Proxy) LoseAnswer() { p.LoseAnswerTo("") }

// LoseAnswerTo is [Proxy.LoseAnswer] for the next request that contains text,
// such as "COMMIT". It cannot see into TLS.
func (p *Proxy) LoseAnswerTo(text string) {
	p.change(func(a *answers) { a.losing, a.loseTo = true, text })
}

// CutAfter cuts every answer of more than n bytes after n bytes and closes the
// connection, until [Proxy.Pass].
func (p *Proxy) CutAfter(n int) {
	p.change(func(a *answers) { a.cutting, a.cutOnce, a.cut = true, false, n })
}

// CutNext is [Proxy.CutAfter] for the next such answer alone.
func (p *Proxy) CutNext(n int) {
	p.change(func(a *answers) { a.cutting, a.cutOnce, a.cut = true, true, n })
}

func (p *Proxy) change(f func(*answers)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.answers)
}

// Connections is how many were accepted so far.
func (p *Proxy) Connections() int { return p.counted().connections }

// Requests is how many were begun so far: a request that waits for the server's
// leave in its middle ("100 Continue") counts twice, requests that do not wait
// for each other's answers may count once.
func (p *Proxy) Requests() int { return p.counted().requests }

// Lost is how many answers were lost by [Proxy.LoseAnswer] and [Proxy.LoseAnswerTo]
// so far.
func (p *Proxy) Lost() int { return p.counted().lost }

// Passed is how many bytes of answers were let through so far.
func (p *Proxy) Passed() int { return p.counted().passed }

func (p *Proxy) counted() counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Live is how many connections clients hold, those in a black hole included.
func (p *Proxy) Live() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l := range p.live {
		if !l.gone {
			n++
		}
	}
	return n
}

func (p *Proxy) close() {
	p.Refuse()
	p.mu.Lock()
	p.closed = true
	all := make([]*link, 0, len(p.live))
	for l := range p.live {
		all = append(all, l)
	}
	p.mu.Unlock()
	for _, l := range all {
		l.end(false)
	}
	p.running.Wait()
}
