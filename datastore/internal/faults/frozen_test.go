package faults_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// pool is a client of lines with one connection, which it gives up after a gap.
type pool struct {
	addr string
	now  func() time.Time
	gap  time.Duration

	last time.Time
	conn net.Conn
}

func (p *pool) call(ctx context.Context) error {
	if p.conn != nil && p.now().Sub(p.last) > p.gap {
		p.conn.Close()
		p.conn = nil
	}
	if p.last = p.now(); p.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
		if err != nil {
			return err
		}
		p.conn = conn
	}
	stop := context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Now()) })
	defer stop()
	if _, err := fmt.Fprintln(p.conn, "call"); err != nil {
		return err
	}
	_, err := bufio.NewReader(p.conn).ReadString('\n')
	return err
}

// frozen is a pool that gives up connections after gap, by the clock it is given.
func frozen(gap, idle time.Duration) faults.Frozen {
	return faults.Frozen{
		Serve: func(t *testing.T) (string, string) { return startLines(t).addr, "told" },
		Open: func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error {
			if told != "told" {
				t.Errorf("Open is told %q, want %q", told, "told")
			}
			return (&pool{addr: url, now: now, gap: gap}).call
		},
		Idle: idle,
	}
}

// TestFrozen: a client that gives up its connections after 59 seconds is well
// after a freeze of a minute.
func TestFrozen(t *testing.T) {
	frozen(59*time.Second, 0).Run(t)
}

// TestFrozenTooShort: the same client is hurt by a freeze that its clock does not
// show.
func TestFrozenTooShort(t *testing.T) {
	for _, c := range []struct {
		name        string
		fault       func(*faults.Proxy)
		want        string
		connections int
	}{
		{"FIN", (*faults.Proxy).FIN, "EOF|broken pipe|connection reset", 1},
		{"reset", (*faults.Proxy).Reset, "connection reset|broken pipe", 1},
		{"nothing", func(*faults.Proxy) {}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := frozen(time.Minute, time.Second).Thaw(t, c.fault)
			if !oneOf(got.Err, c.want) || got.Took <= 0 || got.Connections != c.connections {
				t.Errorf("Thaw = %+v, want the error %q and %d connections", got, c.want, c.connections)
			}
		})
	}
}

func oneOf(text, alternatives string) bool {
	if alternatives == "" {
		return text == ""
	}
	for alternative := range strings.SplitSeq(alternatives, "|") {
		if strings.Contains(text, alternative) {
			return true
		}
	}
	return false
}

// TestFrozenAtTheDeadline: a call that is never answered ends with its context,
// and its time is told.
func TestFrozenAtTheDeadline(t *testing.T) {
	f := frozen(time.Minute, time.Second)
	open := f.Open
	f.Open = func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error {
		call := open(t, url, told, now)
		return func(ctx context.Context) error {
			ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Millisecond, errors.New("unanswered"))
			defer cancel()
			if err := call(ctx); err != nil {
				return context.Cause(ctx)
			}
			return nil
		}
	}
	got := f.Thaw(t, (*faults.Proxy).BlackHole)
	if got.Err != "unanswered" || got.Took < 30*time.Millisecond {
		t.Errorf("Thaw = %+v, want the error of the context, after 30ms at least", got)
	}
}
