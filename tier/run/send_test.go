package run_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// serving is a factory that serves, and the folder of its data.
type serving struct {
	*process
	bin, dir, data string
}

func serveFactory(t *testing.T) *serving {
	t.Helper()
	s := &serving{bin: buildTool(t, "./tier/run/testdata/factory"), dir: t.TempDir(), data: t.TempDir()}
	s.process = startIn(t, s.dir, nil, s.bin, "serve", "-port", "0", "-dir", s.data)
	s.until(t, "Ctrl-C stops it.")
	return s
}

// command runs a command beside it.
func (s *serving) command(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return output(t, stdin, s.bin, append(args, "-dir", s.data)...)
}

// TestSend: what is sent by hand is worked off as what a function sends.
func TestSend(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	for _, c := range []struct {
		stdin string
		args  []string
		want  string // that is printed
		works string
	}{
		{`{"id":"7","to":"Rome"}` + "\n", []string{"jobs"}, "queue jobs has message ", "done with 7"},
		{`{"id":"8","to":"Rome"}`, []string{"roman", "-group", "g"}, "queue roman has message ", "packed 8 of group g"},
		{`{"id":"9","to":"Oslo"}`, []string{"topic:placed", "-group", "h", "-attr", "to=Rome", "-attr", "n:Number=2"}, "topic placed has message ", "packed 9 of group h"},
		{`{"id":"11","to":"Oslo"}`, []string{"notices", "-subject", "lost and found"}, "topic notices has message ", "notice 11: lost and found"},
		{"10\n", []string{"visits", "-group", "k"}, "stream visits has message 4957", "counted 10"},
	} {
		stdout, stderr, status := s.command(t, c.stdin, append([]string{"send"}, c.args...)...)
		if status != 0 || !strings.HasPrefix(stdout, c.want) {
			t.Errorf("send %q = %d %q %s, want %q", c.args, status, stdout, stderr, c.want)
			continue
		}
		s.untilAll(t, c.works)
	}
}

// TestSendDedup: a second message with the deduplication id of another is that one.
func TestSendDedup(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	var said []string
	for _, args := range [][]string{
		{"1", "roman", "-dedup", "a"}, {"2", "roman", "-dedup", "a"}, {"3", "roman", "-dedup", "b"},
		{"4", "placed", "-attr", "to=Rome", "-dedup", "c"}, {"5", "placed", "-attr", "to=Rome", "-dedup", "c"}, {"6", "placed", "-attr", "to=Rome", "-dedup", "d"},
	} {
		stdout, stderr, status := s.command(t, `{"id":"`+args[0]+`","to":"Rome"}`, append([]string{"send", args[1], "-group", "g"}, args[2:]...)...)
		if status != 0 {
			t.Fatalf("send %q = %d %s", args, status, stderr)
		}
		said = append(said, stdout)
	}
	if said[0] != said[1] || said[3] != said[4] || said[1] == said[2] || said[4] == said[5] {
		t.Errorf("the ids = %q, want those of the first two to be one, and of the next two after", said)
	}
	// The group keeps the order, so that nothing else comes between these.
	for _, want := range []string{"1", "3", "4", "6"} {
		if got := s.worked(t); got != "packed "+want+" of group g" {
			t.Errorf("worked off %q, want %s", got, want)
		}
	}
}

// worked is the next line on the standard output that tells of a parcel.
func (s *serving) worked(t *testing.T) string {
	t.Helper()
	for {
		line, err := s.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("no line: %v\n%s", err, s.stderr)
		}
		if strings.HasPrefix(line, "packed ") {
			return strings.TrimSpace(line)
		}
	}
}

// TestSendDelay: a message with a delay waits for it.
func TestSendDelay(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	if _, stderr, status := s.command(t, `{"id":"7","to":"Rome"}`, "send", "jobs", "-delay", "14m59.5s"); status != 0 {
		t.Fatalf("send = %d %s", status, stderr)
	}
	if got, stderr, _ := s.command(t, "", "queue"); !strings.Contains(got, "\njobs   0        1        0          ") {
		t.Errorf("queue =\n%s%s\nwant one that is delayed", got, stderr)
	}
}

// TestSendRefuses: a message that nothing would take is not sent, and the field is named.
func TestSendRefuses(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{`{"id":"a b","to":"Rome"}`, []string{"jobs"}, "body.id must be letters and digits only"},
		{`{"id":"7"}`, []string{"placed", "-group", "g"}, "topic placed: the message is refused by what works it off, and was not sent: 400: the request is not valid: body.to is required"},
		{`{"id":`, []string{"jobs"}, "body is not JSON"},
		{`{"id":"7","to":"Rome"}`, []string{"roman"}, "a message to a FIFO queue needs its group"},
		{`{"id":"7","to":"Rome"}`, []string{"roman", "-group", "g", "-delay", "1s"}, "queue roman: a FIFO queue holds all messages back or none; leave -delay out"},
		{`{"id":"7","to":"Rome"}`, []string{"jobs", "-dedup", "a"}, "queue jobs: only a FIFO queue knows deduplication ids; leave -dedup out"},
		{`{"id":"7","to":"Rome"}`, []string{"jobs", "-subject", "a"}, "queue jobs: only messages of a topic have a subject; leave -subject out"},
		{`{"id":"7","to":"Rome"}`, []string{"jobs", "-delay", "16m"}, "write a time up to 15m, as 90s"},
		{`{"id":"7","to":"Rome"}`, []string{"jobs", "-delay", "0s"}, "write a time up to 15m, as 90s"},
		{`{"id":"7","to":"Rome"}`, []string{"placed"}, "topic placed: a message to a FIFO topic needs its group; write it as -group ID"},
		{`{"id":"7","to":"Rome"}`, []string{"placed", "-group", "g", "-delay", "1s"}, "topic placed: only messages of a queue are held back; leave -delay out"},
		{`{"id":"7","to":"Rome"}`, []string{"placed", "-group", "g", "-subject", "a\nb"}, "without line breaks"},
		{`{"id":"7","to":"Rome"}`, []string{"placed", "-group", "g", "-dedup", "a b"}, "the deduplication id: write 1 to 128"},
		{`{"id":"7","to":"Rome"}`, []string{"placed", "-group", "g", "-dedup", ""}, "leave the flag out"},
		{"7", []string{"visits"}, "-group KEY"},
		{"7", []string{"visits", "-group", "k", "-delay", "1s"}, "stream visits: only messages of a queue are held back; leave -delay out"},
		{"7", []string{"visits", "-group", "k", "-subject", "s"}, "stream visits: only messages of a topic have a subject; leave -subject out"},
		{"7", []string{"visits", "-group", "k", "-dedup", "a"}, "stream visits: its records have no deduplication ids; leave -dedup out"},
		{"7", []string{"visits", "-group", "k", "-attr", "a=b"}, "leave -attr out"},
		{"", []string{"jobs"}, "body"},
		{"{}", []string{"parcels"}, "it declares topic placed, stream visits, queue jobs, queue roman, topic notices"},
		{`{"id":"7","to":"Rome"}`, []string{"jobs", "-data", "aws"}, "queue jobs: open: unavailable: no driver for stores of kind queue; name one in run.Main"},
		{"{}", []string{"jobs", "-data", "elsewhere"}, `-data "elsewhere"`},
		{"{}", []string{"jobs", "-attr", "a"}, "write name=value"},
	} {
		stdout, stderr, status := s.command(t, c.stdin, append([]string{"send"}, c.args...)...)
		if status == 0 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("send %q = %d %q %s, want the error %q", c.args, status, stdout, stderr, c.want)
		}
	}
	if stdout, _, _ := s.command(t, "", "queue"); !strings.Contains(stdout, "jobs   0        0        0          -       0     -\n") {
		t.Errorf("the queues have something:\n%s", stdout)
	}
}

// TestRedrive: a message that failed is in the dead-letter queue, and is worked off once
// it is moved back.
func TestRedrive(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	const body = `{"id":"bad","to":"nowhere"}`
	if _, stderr, status := s.command(t, body, "send", "jobs"); status != 0 {
		t.Fatalf("send: %d %s", status, stderr)
	}
	var shown string
	for !strings.Contains(shown, "queue jobs, dead: message ") { // by the clock: when the visibility timeout ends
		shown, _, _ = s.command(t, "", "queue", "jobs", "-bodies")
		if !strings.Contains(shown, "  "+body+"\n") {
			t.Fatalf("the message is nowhere:\n%s", shown)
		}
	}
	if got, _, _ := s.command(t, "", "queue"); strings.Contains(got, "bad") || strings.Contains(got, "roman  1") || !strings.Contains(got, "jobs   0        0        0          -       1  ") {
		t.Errorf("queue =\n%s", got)
	}
	writeFile(t, s.dir, "nowhere", "")
	if got, stderr, _ := s.command(t, "", "redrive", "jobs"); got != "1 message is back in queue jobs\n" {
		t.Errorf("redrive = %q %s", got, stderr)
	}
	s.untilAll(t, "done with bad")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"redrive", "roman"}, "has no dead-letter queue; declare it with queue.DeadLetter"},
		{[]string{"redrive", "visits"}, `declares no queue "visits"`},
		{[]string{"queue", "nix"}, `declares no queue "nix"`},
		{[]string{"redrive", "jobs", "-data", "aws"}, "start-message-move-task"},
		{[]string{"queue", "-data", "aws"}, "get-queue-attributes"},
		{[]string{"redrive"}, "usage: redrive QUEUE"},
	} {
		if stdout, stderr, status := s.command(t, "", c.args...); status == 0 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%q = %d %q %s, want the error %q", c.args, status, stdout, stderr, c.want)
		}
	}
}

// TestControl: nobody but who can read a file of the folder reaches the serve, and the
// file ends with it.
func TestControl(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	path := filepath.Join(s.data, "serve.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the mode of %s = %o, want 600", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ App, Address, Token string }
	if err := json.Unmarshal(text, &found); err != nil || !strings.HasPrefix(found.Address, "127.0.0.1:") || len(found.Token) != 64 {
		t.Fatalf("%s = %s, %v", path, text, err)
	}
	const message = `{"Store":"jobs","Body":"eyJpZCI6IjciLCJ0byI6IlJvbWUifQ=="}`
	for _, c := range []struct {
		name, method, path, token, host, body string
		want                                  int
	}{
		{"no token", "POST", "/send", "", "", message, 403},
		{"another token", "POST", "/send", "Bearer " + strings.Repeat("0", 64), "", message, 403},
		{"a part of the token", "POST", "/send", "Bearer " + found.Token[:63], "", message, 403},
		{"a name that leads here", "POST", "/send", "Bearer " + found.Token, "example.com", message, 403},
		{"another method", "GET", "/send", "Bearer " + found.Token, "", message, 404},
		{"another command", "POST", "/stop", "Bearer " + found.Token, "", message, 404},
		{"no JSON", "POST", "/send", "Bearer " + found.Token, "", "{", 422},
		{"too much", "POST", "/send", "Bearer " + found.Token, "", `"` + strings.Repeat("x", 16<<20), 413},
		{"a message", "POST", "/send", "Bearer " + found.Token, "", message, 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+found.Address+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		if c.token != "" {
			req.Header.Set("Authorization", c.token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.want {
			t.Errorf("%s: %d %s %v, want %d", c.name, resp.StatusCode, answer, err, c.want)
		}
		if strings.Contains(string(answer), found.Token) {
			t.Errorf("%s: the answer has the token: %s", c.name, answer)
		}
	}
	s.untilAll(t, "done with 7")

	if _, stderr, status := output(t, "7", buildTool(t, "./tier/run/testdata/depot"), "send", "jobs", "-dir", s.data); status == 0 || !strings.Contains(stderr, "app factory serves with the data of") {
		t.Errorf("send of another program = %d %s", status, stderr)
	}
	if strings.Contains(s.stderr.String(), found.Token) {
		t.Error("the token is in the log")
	}
	if status := s.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d", status)
	}
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s is left behind", path)
	}
	if _, stderr, status := s.command(t, "{}", "send", "jobs"); status == 0 || !strings.Contains(stderr, "no serve runs with the data of") {
		t.Errorf("send without a serve = %d %s", status, stderr)
	}
	// One that was killed leaves the file behind.
	writeFile(t, s.data, "serve.json", string(text))
	if _, stderr, status := s.command(t, "{}", "send", "jobs"); status == 0 || !strings.Contains(stderr, "start it again with go run . serve") {
		t.Errorf("send to a serve that has ended = %d %s", status, stderr)
	}
}

// TestSendAWS: with -data aws a message goes to the queue that the variable names.
func TestSendAWS(t *testing.T) {
	t.Parallel()
	m := motoServer(t)
	queues := sqs.NewFromConfig(m.config())
	jobs, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new(unique("jobs"))})
	if err != nil {
		t.Fatal(err)
	}
	bin := buildTool(t, "./tier/run/testdata/pantry")
	stdout, stderr, status := outputWith(t, append(m.env(), "TIERKIT_QUEUE_JOBS="+*jobs.QueueUrl), "hello\n", bin, "send", "jobs", "-data", "aws", "-attr", "n:Number=2", "-delay", "1ms")
	if status != 0 || !strings.HasPrefix(stdout, "queue jobs has message ") || !strings.Contains(stderr, "was not checked") {
		t.Fatalf("send = %d %q %s", status, stdout, stderr)
	}
	got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: jobs.QueueUrl, MessageAttributeNames: []string{"All"}, WaitTimeSeconds: 10})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "hello" || *got.Messages[0].MessageAttributes["n"].DataType != "Number" {
		t.Errorf("the queue has %+v, %v", got, err)
	}
}
