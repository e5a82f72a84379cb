package local_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// serve serves h until the test ends and returns its address.
func serve(tb testing.TB, h http.Handler) string {
	tb.Helper()
	l, err := local.Listen(0)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- local.Serve(ctx, l, h, nil) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			tb.Errorf("Serve = %v", err)
		}
	})
	return l.Addr().String()
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	l, err := local.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().(*net.TCPAddr)
	if !address.IP.IsLoopback() {
		t.Errorf("listens on %v, where other machines can reach it", address)
	}
	_, err = local.Listen(address.Port)
	var taken *local.PortError
	if !errors.As(err, &taken) || taken.Port != address.Port || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("Listen(%d) = %v, want a PortError", address.Port, err)
	}
	for _, want := range []string{"port " + strconv.Itoa(address.Port) + " is taken", "-port N"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(%d) = %q, want %q in it", address.Port, err, want)
		}
	}
	if _, err := local.Listen(70_000); err == nil || !strings.Contains(err.Error(), "port 70000 cannot be used") {
		t.Errorf("Listen(70000) = %v", err)
	}
}

func TestServeFinishesRequests(t *testing.T) {
	t.Parallel()
	l, err := local.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel() // the stop comes while the request is on its way
		for {
			// Once the listener is closed the stop has begun.
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				break
			}
			c.Close()
		}
		_, _ = io.WriteString(w, "done")
	})
	served := make(chan error, 1)
	go func() { served <- local.Serve(ctx, l, h, &local.ServeOptions{Grace: time.Minute}) }()
	resp, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "done" {
		t.Errorf("body %q, %v", body, err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

func TestServeCutsOff(t *testing.T) {
	t.Parallel()
	l, err := local.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // only the cut ends it
		close(gone)
	})
	served := make(chan error, 1)
	go func() { served <- local.Serve(ctx, l, h, &local.ServeOptions{Grace: time.Millisecond}) }()
	if resp, err := http.Get("http://" + l.Addr().String()); err == nil {
		resp.Body.Close()
		t.Errorf("status %d, want a broken connection", resp.StatusCode)
	}
	<-gone
	if err := <-served; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Serve = %v, want that requests were cut off", err)
	}
}

func TestServeSaysWhyNot(t *testing.T) {
	t.Parallel()
	l, err := local.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := local.Serve(context.Background(), l, http.NotFoundHandler(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed listener = %v", err)
	}
}

// TestHeaderSpelling sends requests over one connection, as bytes.
func TestHeaderSpelling(t *testing.T) {
	t.Parallel()
	const cut = "\r\n"
	for _, tt := range []struct {
		name, sent string
		want       []string // the spelling of X-Probe in each event
	}{
		{"as sent", "GET /x HTTP/1.1|Host: h|x-PROBE: 1||", []string{"x-PROBE"}},
		{"canonical", "GET /x HTTP/1.1|Host: h|X-Probe: 1||", []string{"X-Probe"}},
		{"one after the other", "GET /x HTTP/1.1|Host: h|x-PROBE: 1||GET /x HTTP/1.1|Host: h|X-probe: 1||", []string{"x-PROBE", "X-probe"}},
		{"past a body", "POST /x HTTP/1.1|Host: h|x-a: 1|Content-Length: 17||X-pROBE: body||GET /x HTTP/1.1|Host: h|x-probe: 1||", []string{"", "x-probe"}},
		{"past chunks", "POST /x HTTP/1.1|Host: h|Transfer-Encoding: chunked|x-PROBE: 1||5;e=1|x-a: |2|||0|Trail: x||GET /x HTTP/1.1|Host: h|x-probE: 1||", []string{"x-PROBE", "x-probE"}},
		{"past a request without a function", "GET /nothing HTTP/1.1|Host: h|X-PROBE: 1||GET /x HTTP/1.1|Host: h|x-probe: 1||", []string{"x-probe"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			g := newGateway(t, declare(t, "/x"), nil, func(_ context.Context, payload []byte) ([]byte, error) {
				got = append(got, spellingIn(t, payload))
				return []byte(`{}`), nil
			})
			conn, err := net.Dial("tcp", serve(t, g))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			raw := strings.ReplaceAll(tt.sent, "|", cut)
			if _, err := io.WriteString(conn, raw); err != nil {
				t.Fatal(err)
			}
			answers := bufio.NewReader(conn)
			for range strings.Count(raw, "HTTP/1.1") {
				resp, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Fatal(err)
				}
			}
			if strings.Join(got, ",") != strings.Join(tt.want, ",") {
				t.Errorf("spellings %q, want %q\nRST-11, T99", got, tt.want)
			}
		})
	}
}

// TestAnswerSpelling reads the answer as bytes.
func TestAnswerSpelling(t *testing.T) {
	t.Parallel()
	g := newGateway(t, declare(t, "/x"), nil, answering(`{"multiValueHeaders":{"tesT-Multi":["m"]},"headers":{"test-multi":"s","content-type":"text/plain"},"body":"hi"}`))
	got := exchange(t, g, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	for _, want := range []string{"\r\ntesT-Multi: m\r\ntesT-Multi: s\r\n", "\r\nContent-Type: text/plain\r\n", "\r\nx-amzn-RequestId: ",
		"\r\nx-amz-apigw-id: ", "\r\nX-Amzn-Trace-Id: Root=", "\r\nContent-Length: 2\r\n", "\r\n\r\nhi"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not once in the answer (RST-45, RST-46, RST-51):\n%s", want, got)
		}
	}
	if strings.Count(strings.ToLower(got), "content-type") != 1 {
		t.Errorf("T115: not one content type:\n%s", got)
	}
}

// spellingIn is how the event spells X-Probe, "" if it has none.
func spellingIn(tb testing.TB, payload []byte) string {
	tb.Helper()
	for name := range decode(tb, payload).Headers {
		if strings.EqualFold(name, "x-probe") {
			return name
		}
	}
	return ""
}

// exchange sends bytes and reads until the server closes the connection.
func exchange(t *testing.T, h http.Handler, raw string) string {
	t.Helper()
	conn, err := net.Dial("tcp", serve(t, h))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestAnswersWithoutBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, output string
		want           []string
		not            []string
	}{
		{"HEAD", `{"body":"hidden"}`, []string{"HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 6\r\n"}, []string{"hidden"}},
		{"GET", `{"statusCode":204,"body":"hidden"}`, []string{"HTTP/1.1 204 No Content\r\n"}, []string{"hidden", "Content-Length"}},
		{"GET", `{"statusCode":304,"body":"hidden"}`, []string{"HTTP/1.1 304 Not Modified\r\n"}, []string{"hidden", "Content-Length"}},
	} {
		got := exchange(t, newGateway(t, declare(t, "/x"), nil, answering(tt.output)),
			tt.method+" /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s, %s: no %q in\n%s", tt.method, tt.output, want, got)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(got, not) {
				t.Errorf("%s, %s: %q in\n%s", tt.method, tt.output, not, got)
			}
		}
	}
}

// TestRefusalReachesWriter sends a request whose body the server never reads in
// full: the client sees the answer, not a broken connection.
func TestRefusalReachesWriter(t *testing.T) {
	t.Parallel()
	g := newGateway(t, declare(t, "/x"), nil, answering(`{}`))
	got := exchange(t, g, "POST /x?a|b HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n"+strings.Repeat("a", 100))
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.HasSuffix(got, `{"message":"Bad Request"}`) {
		t.Errorf("answer %q, want 400 in full", got)
	}

	resp, err := http.Post("http://"+serve(t, g)+"/x", "text/plain", strings.NewReader(strings.Repeat("a", 11<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 413 || string(body) != "HTTP content length exceeded 10485760 bytes." {
		t.Errorf("RST-52, T117: %d %s", resp.StatusCode, body)
	}
}
