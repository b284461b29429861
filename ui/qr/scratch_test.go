package qr_test
import ("testing";"os";"image/png";"path/filepath";"fmt";"time";"runtime";"github.com/tabferry/tabferry/ui/qr")
const scr = "https://accounts.firefox.com/pair#channel_id=Zm9vYmFyYmF6cXV4MTIzNA&channel_key=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
func TestScratchDraw(t *testing.T) { m,_ := qr.Draw(scr); f,_ := os.Create("/tmp/w/links.tmp/qr/base.png"); png.Encode(f,m); f.Close()
 m,_ = qr.Draw("https://example.org/other"); f,_ = os.Create("/tmp/w/links.tmp/qr/other.png"); png.Encode(f,m); f.Close()}
func TestScratchRead(t *testing.T) {
 fs,_ := filepath.Glob("/tmp/w/links.tmp/qr/t/*")
 for _, f := range fs { b,_ := os.ReadFile(f); s := time.Now(); got, err := qr.Decode(b); ok := got==scr; var ms runtime.MemStats; runtime.ReadMemStats(&ms)
 fmt.Printf("%-30s ok=%v err=%v %dms sys %dMB\n", filepath.Base(f), ok, err, time.Since(s).Milliseconds(), ms.Sys>>20) } }
