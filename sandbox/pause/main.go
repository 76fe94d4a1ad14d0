// pause is the first process of every pod of a sandbox: it keeps the pod's namespaces, buries what dies in them and ends when told to.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The health check before an upgrade runs this image as a Job with -v: it must print something and end.
	if len(os.Args) == 2 && os.Args[1] == "-v" {
		fmt.Println("pause of kadm sandbox")
		return
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGINT, syscall.SIGTERM)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		bury()
	}
}

// bury waits for all children that have ended: one SIGCHLD may stand for several.
func bury() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid <= 0 || (err != nil && err != syscall.EINTR) {
			return
		}
	}
}
