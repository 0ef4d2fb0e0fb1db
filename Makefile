.PHONY: demo run test check bench soak lock

demo: ; python3 dev.py demo
run: ; python3 dev.py run $(if $(TRACE),--trace)
test: ; python3 dev.py test
check: ; python3 dev.py check
bench: ; python3 dev.py bench
soak: ; python3 dev.py soak
lock: ; python3 dev.py lock
