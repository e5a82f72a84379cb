package run_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServeDelivers: what a request sends, puts, publishes and stores reaches the
// functions that work it off, through the local gateway and a signed URL.
func TestServeDelivers(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./tier/run/testdata/factory"), "serve", "-port", "0", "-dir", t.TempDir())
	url := urlIn(p.until(t, "API desk as a REST API on http://127.0.0.1:"))
	p.until(t, "function packer  works off queue roman")
	p.until(t, "function clerk   works off blob photos, in/, Object Created")
	p.until(t, "queue roman      hears of topic placed, filtered")
	p.until(t, "Ctrl-C stops it.")

	for _, body := range []string{`{"id":"1","to":"Rome"}`, `{"id":"2","to":"Oslo"}`} {
		if status, answer := postJSON(t, url+"/parcels", body); status != 200 {
			t.Fatalf("POST /parcels = %d %s", status, answer)
		}
	}
	p.untilAll(t, "filed 1", "filed 2", "counted 1", "counted 2", "packed 1 of group Rome")
	if status, _, _ := fetch(t, "DELETE", url+"/parcels/2"); status != 204 {
		t.Fatalf("DELETE /parcels/2 = %d", status)
	}
	p.untilAll(t, "forgot 2 to Oslo")

	putPhoto(t, url+"/photos/a%20b")
	p.untilAll(t, "looked at in/a b.png of 5 bytes")

	for _, body := range []string{`{"id":"bad","to":"nowhere"}`, `{"id":"7","to":"Rome"}`} {
		if status, answer := postJSON(t, url+"/jobs", body); status != 204 {
			t.Fatalf("POST /jobs = %d %s", status, answer)
		}
	}
	p.untilAll(t, "done with 7")
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d", status)
	}
	log := p.stderr.String()
	for _, want := range []string{"goes to the dead-letter queue", "there is no such place"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

// TestServeEnds: a function that nobody waits for does not hold the program up for as
// long as it may take.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./tier/run/testdata/factory"), "serve", "-port", "0", "-dir", t.TempDir())
	url := urlIn(p.until(t, "API desk as a REST API on http://127.0.0.1:"))
	p.until(t, "Ctrl-C stops it.")
	putPhoto(t, url+"/photos/large")
	p.untilAll(t, "looked at in/large.png of 5 bytes")
	begun := time.Now()
	status := p.stop(t)
	if took := time.Since(begun); status != 0 || took > 20*time.Second {
		t.Errorf("exit status %d after %v, want 0 after 5s or so", status, took)
	}
}

// putPhoto stores five bytes by the signed URL that a request answers.
func putPhoto(t *testing.T, url string) {
	t.Helper()
	_, answer := postJSON(t, url, "")
	var signed struct{ URL string }
	if err := json.Unmarshal([]byte(answer), &signed); err != nil {
		t.Fatalf("POST %s: %v: %s", url, err, answer)
	}
	req, err := http.NewRequestWithContext(t.Context(), "PUT", signed.URL, strings.NewReader("12345"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatalf("PUT %s = %s", signed.URL, resp.Status)
	}
}

// TestRoutesDelivers: what functions work off is listed.
func TestRoutesDelivers(t *testing.T) {
	t.Parallel()
	stdout, _, _ := output(t, "", buildTool(t, "./tier/run/testdata/factory"), "routes")
	for _, want := range []string{"function clerk   works off changes of table parcels", "function packer  works off queue jobs", "main.go:"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("routes lacks %q:\n%s", want, stdout)
		}
	}
}

func postJSON(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// untilAll reads what a program prints until it has had a line for each text.
func (p *process) untilAll(t *testing.T, texts ...string) {
	t.Helper()
	for len(texts) > 0 {
		line, err := p.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("no line with any of %q: %v\n%s", texts, err, p.stderr)
		}
		for i, text := range texts {
			if strings.TrimSpace(line) == text {
				texts = append(texts[:i:i], texts[i+1:]...)
				break
			}
		}
	}
}
