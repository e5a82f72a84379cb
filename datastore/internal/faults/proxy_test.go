package faults_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// lines is a server that answers each line "x" with "re x", and keeps the lines.
type lines struct {
	addr string

	mu  sync.Mutex
	got []string
}

func startLines(t testing.TB) *lines {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &lines{addr: listener.Addr().String()}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	t.Cleanup(func() { listener.Close() })
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(conn) })
		}
	})
	return s
}

func (s *lines) serve(conn net.Conn) {
	defer conn.Close()
	for scanner := bufio.NewScanner(conn); scanner.Scan(); {
		s.mu.Lock()
		s.got = append(s.got, scanner.Text())
		s.mu.Unlock()
		fmt.Fprintf(conn, "re %s\n", scanner.Text())
	}
}

func (s *lines) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.got, " ")
}

// caller is a client of lines.
type caller struct {
	*net.TCPConn
	answers *bufio.Reader
}

func dial(t testing.TB, addr string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{conn.(*net.TCPConn), bufio.NewReader(conn)}
}

// call sends a line and answers what comes back until the end of a line or of
// the connection.
func (c *caller) call(line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	answer, err := c.answers.ReadString('\n')
	return strings.TrimSpace(answer), err
}

// connected is a client that has been answered once.
func connected(t testing.TB, p *faults.Proxy) *caller {
	t.Helper()
	c := dial(t, p.Addr())
	answers(t, c, "warm")
	return c
}

func answers(t testing.TB, c *caller, line string) {
	t.Helper()
	if got, err := c.call(line); err != nil || got != "re "+line {
		t.Fatalf("call(%q) = %q, %v, want %q", line, got, err, "re "+line)
	}
}

// silent fails t unless a call is not answered.
func silent(t testing.TB, c *caller, line string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if got, err := c.call(line); !errors.Is(err, os.ErrDeadlineExceeded) || got != "" {
		t.Errorf("call(%q) = %q, %v, want %v", line, got, err, os.ErrDeadlineExceeded)
	}
}

func TestProxyPasses(t *testing.T) {
	t.Parallel()
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	c := connected(t, p)
	other := connected(t, p)
	answers(t, other, strings.Repeat("long", 10_000))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c.answers); err != nil || len(rest) > 0 {
		t.Errorf("after the client has closed its side, it reads %q, %v, want the end", rest, err)
	}
	if p.Connections() != 2 || p.Requests() != 3 || p.Lost() != 0 {
		t.Errorf("%d connections, %d requests, %d lost, want 2, 3 and 0", p.Connections(), p.Requests(), p.Lost())
	}
	answers(t, other, "still here")
}

func TestProxyURL(t *testing.T) {
	t.Parallel()
	p := faults.NewProxy(t, "postgres://user:secret@127.0.0.1:5432/db?sslmode=disable")
	if want := "postgres://user:secret@" + p.Addr() + "/db?sslmode=disable"; p.URL() != want {
		t.Errorf("URL = %s, want %s", p.URL(), want)
	}
	p = faults.NewProxy(t, "127.0.0.1:6379")
	if p.URL() != p.Addr() {
		t.Errorf("URL = %s, want %s", p.URL(), p.Addr())
	}
}

func TestProxyEndsConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*faults.Proxy)
		want error
	}{
		{"FIN", (*faults.Proxy).FIN, io.EOF},
		{"reset", (*faults.Proxy).Reset, syscall.ECONNRESET},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := faults.NewProxy(t, startLines(t).addr)
			first, second := connected(t, p), connected(t, p)
			c.end(p)
			for _, live := range []*caller{first, second} {
				if _, err := live.answers.ReadByte(); !errors.Is(err, c.want) {
					t.Errorf("a live connection reads %v, want %v", err, c.want)
				}
			}
			if p.Live() != 0 {
				t.Errorf("%d connections are live, want none", p.Live())
			}
			answers(t, dial(t, p.Addr()), "again")
		})
	}
}

func TestBlackHole(t *testing.T) {
	t.Parallel()
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	c := connected(t, p)
	p.BlackHole()
	p.FIN() // does not reach it
	silent(t, c, "lost")
	answers(t, dial(t, p.Addr()), "new")
	p.Pass()
	silent(t, c, "lost for ever")
	if got := server.String(); got != "warm new" {
		t.Errorf("the server got %q, want %q", got, "warm new")
	}
}

func TestBlackHoleAll(t *testing.T) {
	t.Parallel()
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	old := connected(t, p)
	p.BlackHoleAll()
	silent(t, old, "lost")
	silent(t, dial(t, p.Addr()), "new and lost")
	p.Pass()
	answers(t, dial(t, p.Addr()), "new")
	if got := server.String(); got != "warm new" {
		t.Errorf("the server got %q, want %q", got, "warm new")
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	p := faults.NewProxy(t, startLines(t).addr)
	old := connected(t, p)
	for range 2 {
		p.Refuse()
		if conn, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			if err == nil {
				conn.Close()
			}
			t.Errorf("Dial: error = %v, want %v", err, syscall.ECONNREFUSED)
		}
		answers(t, old, "live")
		p.Pass()
		answers(t, dial(t, p.Addr()), "new")
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	p := faults.NewProxy(t, startLines(t).addr)
	c := connected(t, p)
	const d = 30 * time.Millisecond
	p.Delay(d)
	begin := time.Now()
	answers(t, c, "slow")
	if took := time.Since(begin); took < d {
		t.Errorf("an answer came after %v, want %v at least", took, d)
	}
	p.Delay(time.Hour)
	silent(t, c, "for ever")
	p.Pass()
	answers(t, dial(t, p.Addr()), "quick")
}

func TestLoseAnswer(t *testing.T) {
	t.Parallel()
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	c := connected(t, p)
	p.LoseAnswer()
	if got, err := c.call("carried out"); err != io.EOF || got != "" {
		t.Errorf("call = %q, %v, want %v", got, err, io.EOF)
	}
	answers(t, dial(t, p.Addr()), "next")
	if got := server.String(); got != "warm carried out next" || p.Lost() != 1 {
		t.Errorf("the server got %q, %d answers were lost, want %q and 1", got, p.Lost(), "warm carried out next")
	}
}

func TestLoseAnswerTo(t *testing.T) {
	t.Parallel()
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	c := connected(t, p)
	p.LoseAnswerTo("COMMIT")
	answers(t, c, "COM")
	answers(t, c, "MIT") // of another request
	for _, part := range []string{"COM", "MIT"} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.call(""); err != io.EOF || got != "" {
		t.Errorf("call(COMMIT) = %q, %v, want %v", got, err, io.EOF)
	}
	if got := server.String(); got != "warm COM MIT COMMIT" || p.Lost() != 1 {
		t.Errorf("the server got %q, %d answers were lost, want all and 1", got, p.Lost())
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	p := faults.NewProxy(t, startLines(t).addr)
	const line, short = "0123456789", "0123"
	cut := func(c *caller) {
		t.Helper()
		if got, err := c.call(line); err != io.EOF || got != "re 0123" {
			t.Errorf("call(%q) = %q, %v, want %q and %v", line, got, err, "re 0123", io.EOF)
		}
	}
	c := connected(t, p)
	p.CutAfter(len("re 0123"))
	answers(t, c, "x") // shorter than that
	cut(c)
	cut(dial(t, p.Addr()))
	p.CutNext(len("re 0123"))
	c = dial(t, p.Addr())
	answers(t, c, "012")
	cut(c)
	answers(t, dial(t, p.Addr()), line)
	p.CutAfter(0)
	if got, err := dial(t, p.Addr()).call(short); err != io.EOF || got != "" {
		t.Errorf("an answer cut after 0 bytes = %q, %v, want %v", got, err, io.EOF)
	}
	p.Pass()
	answers(t, dial(t, p.Addr()), line)
}

// TestProxyOfNothing: a client of a server that is not there sees its connection
// closed.
func TestProxyOfNothing(t *testing.T) {
	t.Parallel()
	gone := faults.NewProxy(t, "127.0.0.1:1")
	gone.Refuse()
	p := faults.NewProxy(t, gone.Addr())
	if got, err := dial(t, p.Addr()).call("x"); err == nil {
		t.Errorf("call = %q, want an error", got)
	}
}

// TestProxyEnds: with the test end the proxy's goroutines, whatever its
// connections are at.
func TestProxyEnds(t *testing.T) {
	faults.NoGoroutines(t)
	server := startLines(t)
	p := faults.NewProxy(t, server.addr)
	left := connected(t, p)
	p.BlackHole()
	left.Close()
	connected(t, p)
	delayed := connected(t, p)
	p.Delay(time.Hour)
	silent(t, delayed, "later")
	p.BlackHoleAll()
	silent(t, dial(t, p.Addr()), "lost")
}

// TestProxyConcurrently has all faults at once (run with -race).
func TestProxyConcurrently(t *testing.T) {
	t.Parallel()
	p := faults.NewProxy(t, startLines(t).addr)
	var clients, breakers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for range 20 {
				conn, err := net.DialTimeout("tcp", p.Addr(), time.Second)
				if err != nil {
					continue
				}
				conn.SetDeadline(time.Now().Add(10 * time.Millisecond))
				c := &caller{conn.(*net.TCPConn), bufio.NewReader(conn)}
				c.call("a")
				c.call("b")
				conn.Close()
			}
		})
	}
	for _, fault := range []func(){
		p.FIN, p.Reset, p.BlackHole, p.BlackHoleAll, p.Refuse, p.LoseAnswer, p.Pass,
		func() { p.CutNext(1) }, func() { p.Delay(time.Millisecond) },
		func() {
			p.Connections()
			p.Requests()
			p.Lost()
			p.Live()
			p.Addr()
			p.URL()
		},
	} {
		breakers.Go(func() {
			for {
				fault()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	breakers.Wait()
	p.Pass()
	answers(t, dial(t, p.Addr()), "after all")
}
