"""The prompt: what is typed, what is shown, how it is interrupted and left."""
import os
import sys

from terminal import CTRL_C, CTRL_D, ENTER, LEFT, UP, Terminal, run_tests


def test_values_are_shown_and_none_is_not():
    with Terminal() as at:
        at.expect('>>> $')
        assert at.ask('1 + 2') == '3'
        assert at.ask('None') == ''
        assert at.ask('_ * 2') == '6'
        assert at.ask("'a' + \"b\"") == "'ab'"


def test_block_ends_with_an_empty_line():
    with Terminal() as at:
        at.expect('>>> $')
        at.line('def double(x):')
        at.expect(r'\.\.\. +$')
        at.line('    return 2 * x' if not at.rest.strip() else 'return 2 * x')
        at.expect(r'\.\.\. +$')
        at.line('')
        at.expect('>>> $')
        assert at.ask('double(21)') == '42'


def test_traceback_names_the_line_typed():
    with Terminal() as at:
        at.expect('>>> $')
        shown = at.ask('1 / 0')
        assert 'Traceback (most recent call last):' in shown, shown
        assert 'line 1, in <module>' in shown and shown.endswith('ZeroDivisionError: division by zero'), shown
        assert at.ask('"still here"') == "'still here'"


def test_syntax_error_shows_a_caret():
    with Terminal() as at:
        at.expect('>>> $')
        shown = at.ask('1 +* 2')
        assert '^' in shown and shown.endswith('SyntaxError: invalid syntax'), shown


def test_ctrl_c_cancels_the_line():
    with Terminal() as at:
        at.expect('>>> $')
        at.type('1 + ')
        at.expect(r'1 \+ *$')
        at.type(CTRL_C)
        at.expect(r'KeyboardInterrupt\n>>> $')
        assert at.ask('5') == '5'


def test_ctrl_c_cancels_a_block():
    with Terminal() as at:
        at.expect('>>> $')
        at.line('if True:')
        at.expect(r'\.\.\. +$')
        at.type(CTRL_C)
        at.expect(r'KeyboardInterrupt\n>>> $')
        assert at.ask('6') == '6'


def test_ctrl_c_interrupts_what_runs():
    with Terminal() as at:
        at.expect('>>> $')
        at.line('n = 0; print("spin" + "ning")')
        at.expect('spinning\n>>> $')
        at.line('while True: n += 1')
        at.expect(r'\.\.\. +$')
        at.line('')
        at.read_more(0.3)
        at.read_more(0.3)
        at.type(CTRL_C)
        at.expect(r'KeyboardInterrupt\n>>> $')
        assert at.ask('n > 0') == 'True'


def test_ctrl_c_interrupts_while_other_threads_spin():
    with Terminal() as at:
        at.expect('>>> $')
        at.ask('import threading, time')
        at.ask('spin = lambda: [None for _ in iter(int, 1)]')
        at.ask('for _ in range(2): threading.Thread(target=spin, daemon=True).start()' + ENTER)
        at.line('time.sleep(60)')
        at.read_more(0.3)
        at.type(CTRL_C)
        at.expect(r'KeyboardInterrupt\n>>> $')
        at.line('import os; os._exit(7)')
        assert at.end() == 7


def test_ctrl_d_leaves():
    with Terminal() as at:
        at.expect('>>> $')
        at.type(CTRL_D)
        assert at.end() == 0


def test_exit_takes_a_status():
    with Terminal() as at:
        at.expect('>>> $')
        at.line('import sys; sys.exit(3)')
        assert at.end() == 3


def test_up_recalls_the_last_line_and_it_can_be_edited():
    with Terminal() as at:
        at.expect('>>> $')
        assert at.ask('10 + 1') == '11'
        at.type(UP)
        at.type(LEFT + '5')
        assert at.ask('') == '61'


def test_history_is_kept_in_a_file():
    with Terminal() as at:
        at.expect('>>> $')
        assert at.ask('"remember" + "ed"') == "'remembered'"
        at.type(CTRL_D)
        assert at.end() == 0
        with open(os.path.join(at.home.name, 'history')) as file:
            assert 'remember' in file.read()


def test_script_with_i_ends_at_the_prompt():
    with Terminal('-i', '-c', 'x = 5') as at:
        at.expect('>>> $')
        assert at.ask('x') == '5'


if __name__ == '__main__':
    run_tests(sys.modules[__name__])
